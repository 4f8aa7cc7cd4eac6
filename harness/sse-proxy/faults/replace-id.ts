import type { FaultDefinition } from '../types.ts';
import { rewriteId } from './rewrite-id.ts';

export interface ReplaceIdParams {
  readonly to: string;
}

export const replaceId: FaultDefinition<ReplaceIdParams> = {
  name: 'replace-id',
  summary: 'gives an event another id',
  params: { to: 'the new id' },
  start: ({ to }, context) => rewriteId(context, () => to),
};
