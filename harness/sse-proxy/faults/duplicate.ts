import type { FaultDefinition } from '../types.ts';
import { onEvents } from './on-events.ts';

export interface DuplicateParams {
  /** Extra copies of the event; default 1. */
  readonly copies?: number;
}

/** Sends an event several times in a row. `times` is the number of events so treated. */
export const duplicate: FaultDefinition<DuplicateParams> = {
  name: 'duplicate',
  summary: 'sends an event more than once',
  params: { copies: 'extra copies, default 1' },
  start: ({ copies = 1 }, context) =>
    onEvents(context, async (frame, next) => {
      await next(frame);
      let sent = 0;
      while (sent < copies && (await next(frame))) sent++;
      return sent > 0 ? { copies: sent } : null;
    }),
};
