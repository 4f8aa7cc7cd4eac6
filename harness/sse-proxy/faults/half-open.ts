import type { FaultDefinition } from '../types.ts';

/** `cut` with `how: 'half-open'`, under its own name: everything from the upstream is lost, no end is ever seen. */
export const halfOpen: FaultDefinition = {
  name: 'half-open',
  summary: 'forwards nothing more and keeps the socket open',
  params: {},
  start: (_, context) => ({
    onTrigger: async () => {
      await context.end('half-open');
    },
  }),
};
