import type { Frame } from '../sse/frame.ts';
import type { FaultDefinition } from '../types.ts';

/** Sends two neighbouring events in the wrong order. Comments and control frames between them do not wait. */
export const swap: FaultDefinition = {
  name: 'swap',
  summary: 'swaps an event with the next one',
  params: {},
  start: (_, context) => {
    let held: Frame | null = null;
    return {
      onFrame: async (frame, next) => {
        if (frame.kind !== 'event') return next(frame);
        const first = held;
        held = null;
        if (first) {
          await next(frame);
          if (await next(first)) context.fire({ first: frame.id, second: first.id });
          return true;
        }
        if (!context.claim()) return next(frame);
        held = frame;
        return true;
      },
      onEnd: async (next) => {
        const alone = held;
        held = null;
        if (alone) await next(alone.bytes);
      },
    };
  },
};
