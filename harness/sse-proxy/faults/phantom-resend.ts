import type { Ending, FaultDefinition } from '../types.ts';

export interface PhantomResendParams {
  /** Default `fin`. */
  readonly how?: Exclude<Ending, 'clean' | 'half-open'>;
}

/**
 * Closes a kept-alive connection after the upstream has answered the next request on it, before any header reaches
 * the client. Browsers take that for a stale connection and silently send the request again: the server sees two.
 * A first request of a connection is left alone.
 */
export const phantomResend: FaultDefinition<PhantomResendParams> = {
  name: 'phantom-resend',
  summary: 'closes a reused connection between request and response head',
  params: { how: 'fin (default) or rst' },
  start: ({ how = 'fin' }, context) => ({
    onResponseHead: async () => {
      if (context.exchange.reused) await context.end(how, { reused: true, forwarded: true });
      return undefined;
    },
  }),
};
