import type { FaultDefinition } from '../types.ts';
import { rewriteId } from './rewrite-id.ts';

export const stripId: FaultDefinition = {
  name: 'strip-id',
  summary: 'removes the id: line of an event',
  params: {},
  start: (_, context) => rewriteId(context, () => null),
};
