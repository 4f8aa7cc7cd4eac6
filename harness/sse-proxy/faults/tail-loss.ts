import type { Frame } from '../sse/frame.ts';
import type { FaultDefinition } from '../types.ts';

export interface TailLossParams {
  /** How many of the last events are lost; default 1. */
  readonly events?: number;
  /** Time without an event that makes the last ones the last, in ms; default 200. */
  readonly idleMs?: number;
}

/**
 * Loses the last events before the stream falls silent: no later event shows the gap. To know which are the last,
 * every event waits until `events` more have come; heartbeats pass at once.
 */
export const tailLoss: FaultDefinition<TailLossParams> = {
  name: 'tail-loss',
  summary: 'swallows the last events before silence; heartbeats go on',
  params: { events: 'how many, default 1', idleMs: 'silence that makes them the last, default 200' },
  start: ({ events = 1, idleMs = 200 }, context) => {
    let held: Frame[] = [];
    let cancel = (): void => undefined;
    const lose = (): void => {
      if (held.length === 0 || !context.claim()) return;
      const lost = held;
      held = [];
      const droppedBytes = lost.reduce((sum, { bytes }) => sum + bytes.length, 0);
      context.fire({ lost: lost.map(({ id }) => id), droppedBytes });
    };
    return {
      onFrame: async (frame, next) => {
        if (frame.kind !== 'event') return next(frame);
        held.push(frame);
        cancel();
        cancel = context.timer(idleMs, lose);
        const released = held.length > events ? held.shift() : undefined;
        return released ? next(released) : true;
      },
      onEnd: async (next) => {
        cancel();
        const rest = held;
        held = [];
        for (const frame of rest) await next(frame.bytes);
      },
    };
  },
};
