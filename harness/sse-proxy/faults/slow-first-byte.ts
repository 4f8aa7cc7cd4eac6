import type { FaultDefinition } from '../types.ts';

export interface SlowFirstByteParams {
  /** Default 3000. */
  readonly ms?: number;
  /** What waits: the response head (default), or the body behind a prompt head. */
  readonly part?: 'head' | 'body';
}

/** Delays the beginning of a response; nothing is lost. */
export const slowFirstByte: FaultDefinition<SlowFirstByteParams> = {
  name: 'slow-first-byte',
  summary: 'delays the head or the first body byte of a response',
  params: { ms: 'delay, default 3000', part: 'head (default) or body' },
  start: ({ ms = 3_000, part = 'head' }, context) => {
    let waited = false;
    return {
      onResponseHead: async () => {
        if (part !== 'head' || !context.claim()) return undefined;
        return (await context.sleep(ms)) ? { delayedMs: ms, part } : undefined;
      },
      onBytes: async (bytes, next) => {
        if (part !== 'body' || waited || !context.claim()) return next(bytes);
        waited = true;
        const whole = await context.sleep(ms);
        const sent = await next(bytes);
        if (whole && sent) context.fire({ delayedMs: ms, part });
        return sent;
      },
    };
  },
};
