import type { FaultDefinition } from '../types.ts';
import { rewriteId } from './rewrite-id.ts';

/** `id:` without a value resets the client's cursor: the next request carries no Last-Event-ID. */
export const emptyId: FaultDefinition = {
  name: 'empty-id',
  summary: 'empties the id: line of an event, which resets the cursor',
  params: {},
  start: (_, context) => rewriteId(context, () => ''),
};
