import { afterMs } from '../triggers.ts';
import type { Ending, FaultDefinition } from '../types.ts';

export interface LifetimeCutParams {
  /** Total time of a request, in ms; default 10000. */
  readonly ms?: number;
  readonly how?: Ending;
}

/** A cap on the whole response (Cloud Run, Envoy routes): heartbeats do not help. */
export const lifetimeCut: FaultDefinition<LifetimeCutParams> = {
  name: 'lifetime-cut',
  summary: 'ends every response after a total time',
  params: { ms: 'total time in ms, default 10000', how: 'fin (default), rst, clean or half-open' },
  times: 'always',
  trigger: ({ ms = 10_000 }) => afterMs(ms),
  start: ({ ms = 10_000, how = 'fin' }, context) => ({
    onTrigger: async () => {
      await context.end(how, { afterMs: ms });
    },
  }),
};
