import { type Episode, episodesOf } from '../episodes.ts';
import { fail, ms, notApplied, pass } from '../results.ts';
import type { Budget, Checker } from '../types.ts';
import { viewOf } from '../view.ts';

type Phase = 'detect' | 'reconnect' | 'heal' | 'catchUp';

/** From a fault's firing to the subject's noticing. */
export const detect = budgetCheck('detect', 'detectMs', 'noticed');
/** From noticing to the next open connection. */
export const reconnect = budgetCheck('reconnect', 'reconnectMs', 'reconnected');
/** From the network being well again to the first sign of life. */
export const heal = budgetCheck('heal', 'healMs', 'alive again');
/** From the open to having handled everything published before it. */
export const catchUp = budgetCheck('catchUp', 'catchUpMs', 'caught up');

function budgetCheck(
  phase: Phase,
  key: 'detectMs' | 'reconnectMs' | 'healMs' | 'catchUpMs',
  done: string,
): Checker {
  return (history, expectation) => {
    const view = viewOf(history, expectation);
    const budget: Budget[typeof key] = expectation.budget?.[key];
    const episodes = episodesOf(view, expectation).filter((e) => e[phase] !== null);
    const measured = episodes.flatMap((e) => (typeof e[phase]?.tookMs === 'number' ? [e[phase].tookMs] : []));
    const slowest = measured.length > 0 ? Math.max(...measured) : 0;
    const counts = { episodes: episodes.length, measured: measured.length, maxMs: Math.round(slowest) };
    if (episodes.length === 0) return notApplied('nothing to measure', counts);
    if (budget === undefined) return notApplied(`${done} after at most ${ms(slowest)}, no budget`, counts);
    const never = episodes.filter(
      (e) => e[phase]?.tookMs === null && (e[phase].waitedMs ?? Number.POSITIVE_INFINITY) > budget,
    );
    const late = episodes.filter((e) => (e[phase]?.tookMs ?? 0) > budget);
    const [worst] = [...never, ...late];
    if (!worst) return pass(`${done} after at most ${ms(slowest)}, budget ${ms(budget)}`, counts);
    const took = worst[phase]?.tookMs ?? null;
    const what = took === null ? `never ${done}` : `${done} after ${ms(took)}`;
    return fail(
      `${worst.subject} ${what}, budget ${ms(budget)}`,
      [...never, ...late].flatMap((e: Episode) => e[phase]?.records ?? []),
      counts,
    );
  };
}
