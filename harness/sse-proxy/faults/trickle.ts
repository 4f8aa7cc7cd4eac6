import type { FaultDefinition } from '../types.ts';

export interface TrickleParams {
  /** Time between two bytes, in ms; default 50. */
  readonly intervalMs?: number;
}

/**
 * Sends a byte now and then and never a whole frame: bytes keep coming, events do not. The bytes belong to a comment,
 * so that after healing its line is ended and the stream goes on unharmed. The upstream waits meanwhile.
 */
export const trickle: FaultDefinition<TrickleParams> = {
  name: 'trickle',
  summary: 'sends single bytes and never a whole frame, until healed',
  params: { intervalMs: 'time between two bytes, default 50' },
  start: ({ intervalMs = 50 }, context) => ({
    onFrame: async (frame, next) => {
      if (!context.claim()) return next(frame);
      if (await next(Buffer.from(':'))) context.fire({ intervalMs, waiting: frame.id });
      while (await context.sleep(intervalMs)) {
        if (!(await next(Buffer.from('.')))) return false;
      }
      await next(Buffer.from('\n\n'));
      return next(frame);
    },
  }),
};
