import { afterHead } from '../triggers.ts';
import type { FaultDefinition } from '../types.ts';

const BROKEN = {
  'bad-size': 'zz\r\nwhat?\r\n',
  'huge-size': 'ffffffffffffffffff\r\nx',
  'negative-size': '-1\r\n\r\n',
  'missing-crlf': '5\r\nhello5\r\nhello',
  'size-too-large': 'fffff\r\nshort\r\n',
  'early-last-chunk': '0\r\n\r\n5\r\nhello\r\n',
} as const;

export interface BadChunkingParams {
  /** Default `bad-size`. */
  readonly kind?: keyof typeof BROKEN;
  /** Close (FIN) after it; default true. */
  readonly close?: boolean;
}

/** Breaks the chunk framing of HTTP/1.1 (RFC 9112 7.1) between two chunks. Only chunked responses have any. */
export const badChunking: FaultDefinition<BadChunkingParams> = {
  name: 'bad-chunking',
  summary: 'breaks the HTTP chunk framing',
  params: {
    kind: `${Object.keys(BROKEN).join(', ')}; default bad-size`,
    close: 'FIN after it, default true',
  },
  trigger: () => afterHead(),
  start: ({ kind = 'bad-size', close = true }, context) => ({
    onTrigger: async () => {
      if (context.exchange.framing !== 'chunked' || !context.claim()) return;
      const sent = await context.raw(Buffer.from(BROKEN[kind]));
      if (sent) context.fire({ kind, raw: BROKEN[kind] });
      if (sent && close) await context.finish('fin');
    },
  }),
};
