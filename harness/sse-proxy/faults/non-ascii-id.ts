import type { FaultDefinition } from '../types.ts';
import { rewriteId } from './rewrite-id.ts';

export interface NonAsciiIdParams {
  /** Default: characters of two, three and four UTF-8 bytes around the original id. */
  readonly to?: string;
}

/** Ids outside Latin-1 cannot be header values in fetch: clients that do not expect it never reconnect. */
export const nonAsciiId: FaultDefinition<NonAsciiIdParams> = {
  name: 'non-ascii-id',
  summary: 'gives an event an id outside ASCII',
  params: { to: 'the new id, default é日🙂 and the old one' },
  start: ({ to }, context) => rewriteId(context, (id) => to ?? `é日🙂${id ?? ''}`),
};
