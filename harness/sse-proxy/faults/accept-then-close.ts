import type { Ending, FaultDefinition } from '../types.ts';

export interface AcceptThenCloseParams {
  /** Default `fin`. */
  readonly how?: Exclude<Ending, 'clean' | 'half-open'>;
}

/** What a client sees of a proxy whose upstream is dead: the connection is accepted, the request answered by an end. */
export const acceptThenClose: FaultDefinition<AcceptThenCloseParams> = {
  name: 'accept-then-close',
  summary: 'closes as soon as the request has arrived, unanswered',
  params: { how: 'fin (default) or rst' },
  times: 'always',
  start: ({ how = 'fin' }, context) => ({
    onRequest: async () => {
      await context.end(how, { unanswered: true });
      return undefined;
    },
  }),
};
