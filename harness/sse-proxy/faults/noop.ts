import type { FaultDefinition } from '../types.ts';

/** The template: does nothing. Copy it, keep the hooks you need, add it to `index.ts`. */
export const noop: FaultDefinition = {
  name: 'noop',
  summary: 'does nothing; the template for a new fault',
  params: {},
  start: () => ({}),
};
