import type { HeaderList } from '../http/head.ts';
import type { Answer, Ending, FaultContext, FaultDefinition } from '../types.ts';

export interface ByteScriptParams {
  /** The body; text is sent as UTF-8. */
  readonly bytes: string | Uint8Array;
  /** Offsets at which the body is split into writes (and HTTP chunks); default: none. */
  readonly splitAt?: readonly number[];
  /** Pause between two pieces, in ms; default 0, but each is flushed on its own. */
  readonly gapMs?: number;
  /** Default 200, `text/event-stream`. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** `bytes` is the whole response, its head included, sent as it is; default false. */
  readonly raw?: boolean;
  /** What follows the last byte; default `clean` (with `raw`, `fin`). */
  readonly end?: Ending;
}

/** Answers with a fixed sequence of bytes instead of the upstream. */
export const byteScript: FaultDefinition<ByteScriptParams> = {
  name: 'byte-script',
  summary: 'answers with given bytes, split as given',
  params: {
    bytes: 'the body',
    splitAt: 'offsets of the splits',
    gapMs: 'pause between pieces, default 0',
    status: 'default 200',
    headers: 'default Content-Type: text/event-stream',
    raw: 'bytes are the whole response, head included',
    end: 'clean (default), fin, rst or half-open',
  },
  start: (params, context) => {
    const { status = 200, splitAt = [], raw = false, headers = {} } = params;
    return {
      onRequest: () => {
        if (!context.claim()) return undefined;
        const bytes = Buffer.from(params.bytes);
        const all: HeaderList = Object.entries({ 'Content-Type': 'text/event-stream', ...headers });
        const answer: Answer = {
          status,
          reason: status === 200 ? 'OK' : '',
          headers: all,
          body: pieces(bytes, splitAt, params.gapMs ?? 0, context),
          raw,
          end: params.end ?? (raw ? 'fin' : 'clean'),
        };
        return { verdict: 'answer', answer, evidence: { scriptBytes: bytes.length, splitAt } };
      },
    };
  },
};

async function* pieces(
  bytes: Buffer,
  splitAt: readonly number[],
  gapMs: number,
  context: FaultContext,
): AsyncGenerator<Buffer> {
  const splits = [...splitAt].filter((at) => at > 0 && at < bytes.length).sort((a, b) => a - b);
  let from = 0;
  for (const to of [...splits, bytes.length]) {
    if (from > 0 && gapMs > 0) await context.sleep(gapMs);
    else if (from > 0) await new Promise((resolve) => setImmediate(resolve));
    if (to > from) yield bytes.subarray(from, to);
    from = to;
  }
}
