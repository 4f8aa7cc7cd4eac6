import type { FaultDefinition } from '../types.ts';

export interface RewindParams {
  /** How many events are sent again; default 5, at most 64. */
  readonly events?: number;
}

/** Goes back: before the next event, the last ones are sent again, as an imprecise replay does. */
export const rewind: FaultDefinition<RewindParams> = {
  name: 'rewind',
  summary: 'sends the last events again before the next one',
  params: { events: 'how many, default 5, at most 64' },
  start: ({ events = 5 }, context) => ({
    onFrame: async (frame, next) => {
      const earlier = context.recent(events);
      if (frame.kind !== 'event' || earlier.length === 0 || !context.claim()) return next(frame);
      const resent: (string | null)[] = [];
      for (const old of earlier) {
        if (await next(old)) resent.push(old.id);
      }
      if (resent.length > 0) context.fire({ resent });
      return next(frame);
    },
  }),
};
