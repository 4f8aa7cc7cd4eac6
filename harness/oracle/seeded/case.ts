import type { HistoryProblem } from '../../history/reader.ts';
import type { HistoryRecord } from '../../history/types.ts';
import { STRICT, T0 } from '../testing/build.ts';
import type { Budget, CheckName, Expectation, Records } from '../types.ts';

/** A history with one lie in it, and the one check that must convict. */
export interface SeededBug {
  readonly lie: string;
  readonly convicts: CheckName;
  /** `unknown` where the lie makes the run worthless instead of wrong. Default `false`. */
  readonly as?: 'unknown';
  readonly history: () => Records;
  readonly expectation?: Expectation;
  readonly problems?: readonly HistoryProblem[];
}

/** The strict expectation with some fields replaced. */
export function expecting(change: Partial<Expectation>): Expectation {
  return { ...STRICT, ...change };
}

/** The strict expectation without some limits. */
export function unbudgeted(names: readonly (keyof Budget)[], change: Partial<Expectation> = {}): Expectation {
  const kept = Object.entries(STRICT.budget ?? {}).filter(([name]) => !names.some((each) => each === name));
  return { ...STRICT, budget: Object.fromEntries(kept), ...change };
}

/** Unix ms of a time after the start. */
export function at(afterMs: number): number {
  return T0 + afterMs;
}

/** A request of the subject `kit` on the stream `s`. */
export function request(
  afterMs: number,
  lastEventId: string | null,
  connection = `x${afterMs}`,
): HistoryRecord {
  return {
    at: at(afterMs),
    kind: 'request',
    subject: 'kit',
    stream: 's',
    connection,
    method: 'GET',
    url: '/s',
    lastEventId,
  };
}
