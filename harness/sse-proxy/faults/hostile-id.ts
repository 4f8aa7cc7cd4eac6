import type { FaultDefinition } from '../types.ts';
import { rewriteId } from './rewrite-id.ts';

const HOSTILE = {
  nul: 'a\0b',
  long: 'x'.repeat(64 * 1024),
  'invalid-utf8': Buffer.from([0x61, 0xff, 0xfe, 0xc3]),
  control: 'a\u0001\u001b[31mb\u007f',
  'escaped-crlf': 'a%0d%0aSet-Cookie:%20x=1',
  'line-separator': 'a\u2028b\u0085c',
  prototype: '__proto__',
  path: '../../../../etc/passwd',
  spaces: '  \t ',
} as const;

export interface HostileIdParams {
  /** Which; default: one by chance. */
  readonly kind?: keyof typeof HOSTILE;
}

/** Ids that must not crash a client, nor leave it in a loop, nor reach a header or file unharmed. */
export const hostileId: FaultDefinition<HostileIdParams> = {
  name: 'hostile-id',
  summary: 'gives an event an id made to do harm',
  params: { kind: `${Object.keys(HOSTILE).join(', ')}; default by chance` },
  start: ({ kind }, context) =>
    rewriteId(context, () => {
      const kinds = Object.values(HOSTILE);
      return kind ? HOSTILE[kind] : (kinds[Math.floor(context.random() * kinds.length)] ?? '');
    }),
};
