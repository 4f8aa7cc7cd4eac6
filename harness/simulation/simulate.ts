import { judge } from '../oracle/judge.ts';
import type { Verdict } from '../oracle/types.ts';
import { checkersFor, expectationOf } from './expect.ts';
import { type Played, play } from './play.ts';
import type { Tampering } from './run.ts';
import type { Schedule } from './schedule.ts';

/** A schedule, played and judged. */
export interface Simulated extends Played {
  readonly verdict: Verdict;
}

/** Plays a schedule in virtual time, and judges its history by the oracle that judges the real runs. */
export async function simulate(schedule: Schedule, tampering: Tampering = {}): Promise<Simulated> {
  const played = await play(schedule, tampering);
  const verdict = judge(played.history, expectationOf(schedule), { checkers: checkersFor(schedule) });
  return { ...played, verdict };
}
