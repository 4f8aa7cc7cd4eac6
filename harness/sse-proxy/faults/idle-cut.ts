import { whenIdle } from '../triggers.ts';
import type { Ending, FaultDefinition } from '../types.ts';

export interface IdleCutParams {
  /** Silence after which the connection is closed, in ms; default 5000. */
  readonly idleMs?: number;
  readonly how?: Ending;
}

/** A proxy's idle timeout (nginx `proxy_read_timeout`, load balancers): any byte restarts it. */
export const idleCut: FaultDefinition<IdleCutParams> = {
  name: 'idle-cut',
  summary: 'ends a response that has been silent for a while',
  params: { idleMs: 'silence in ms, default 5000', how: 'fin (default), rst, clean or half-open' },
  times: 'always',
  trigger: ({ idleMs = 5_000 }) => whenIdle(idleMs),
  start: ({ idleMs = 5_000, how = 'fin' }, context) => ({
    onTrigger: async () => {
      await context.end(how, { idleMs });
    },
  }),
};
