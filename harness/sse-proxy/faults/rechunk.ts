import type { FaultDefinition } from '../types.ts';

export interface RechunkParams {
  /** Size of each piece in bytes; several are used in turn; default 1. */
  readonly sizes?: number | readonly number[];
  /** Pieces of chance size from 1 to this, instead of `sizes`. */
  readonly upTo?: number;
  /** Splits only at these offsets of the body, instead of `sizes`. */
  readonly at?: readonly number[];
  /** Pause between two pieces, in ms; default 0, but each is flushed on its own. */
  readonly gapMs?: number;
}

/** Cuts the body into other pieces, each an HTTP chunk and a write of its own. */
export const rechunk: FaultDefinition<RechunkParams> = {
  name: 'rechunk',
  summary: 'cuts the body into other pieces; the bytes stay the same',
  params: {
    sizes: 'bytes of each piece, one or several in turn, default 1',
    upTo: 'chance sizes from 1 to this',
    at: 'body offsets to split at',
    gapMs: 'pause between pieces, default 0',
  },
  times: 'always',
  start: ({ sizes = 1, upTo, at, gapMs = 0 }, context) => {
    const list = (typeof sizes === 'number' ? [sizes] : sizes).map((size) => Math.max(1, Math.floor(size)));
    let turn = 0;
    let offset = 0;
    let left = 0;
    let fired = false;
    const nextSize = (): number => {
      if (at) return Math.min(...at.filter((split) => split > offset), Number.POSITIVE_INFINITY) - offset;
      if (upTo !== undefined) return 1 + Math.floor(context.random() * upTo);
      return list[turn++ % list.length] ?? 1;
    };
    return {
      onBytes: async (bytes, next) => {
        let rest = bytes;
        let pieces = 0;
        while (rest.length > 0) {
          if (left === 0) left = nextSize();
          const piece = rest.subarray(0, left);
          rest = rest.subarray(piece.length);
          left -= piece.length;
          offset += piece.length;
          if (!(await next(piece))) return false;
          pieces++;
          if (rest.length > 0) await pause();
        }
        if (pieces > 1 && !fired && context.claim()) {
          fired = true;
          context.fire({ pieces, ofBytes: bytes.length });
        }
        return true;
      },
    };

    async function pause(): Promise<void> {
      if (gapMs > 0) await context.sleep(gapMs);
      else await new Promise((resolve) => setImmediate(resolve));
    }
  },
};
