import type { FaultDefinition } from '../types.ts';

/** A connection that is alive and useless: heartbeats and control frames pass, events do not. */
export const heartbeatsOnly: FaultDefinition = {
  name: 'heartbeats-only',
  summary: 'swallows every event, passes heartbeats and control frames',
  params: {},
  times: 'always',
  start: (_, context) => ({
    onFrame: async (frame, next) => {
      const passes = frame.kind === 'heartbeat' || frame.kind === 'control' || frame.kind === 'blank';
      if (passes || !context.claim()) return next(frame);
      context.fire({ id: frame.id, droppedBytes: frame.bytes.length });
      return true;
    },
  }),
};
