import { SseKitError } from '../../kit/protocol/index.ts';
import type { HistoryRecord } from '../history/types.ts';
import { nowMs } from './clock.ts';

/** What proves that a fault really happened. */
export type Evidence = Readonly<Record<string, unknown>>;

/** One planned fault on its way through planned, armed, fired, healed. */
export interface FaultLife {
  readonly name: string;
  armed(): void;
  /** `at` is when it began to bite, if that was found out later; default now. */
  fired(evidence: Evidence, at?: number): void;
  healed(evidence?: Evidence): void;
}

/** The faults of one run, from the scenario's plan. */
export interface FaultPlan {
  /**
   * Takes the next unused fault of this kind from the plan.
   * @throws SseKitError `ERR_UNPLANNED_FAULT` when the scenario's `faults` does not list it (any more).
   */
  take(kind: string): FaultLife;
}

/** Writes every planned fault to the history at the start, so that one which never comes is missed by the oracle. */
export function createFaultPlan(
  kinds: readonly string[],
  record: (record: HistoryRecord) => void,
): FaultPlan {
  const name = numbered();
  const free = kinds.map((kind) => ({ kind, life: plan(name(kind), record) }));
  return {
    take(kind) {
      const index = free.findIndex((entry) => entry.kind === kind);
      const [entry] = index < 0 ? [] : free.splice(index, 1);
      if (!entry) {
        throw new SseKitError('ERR_UNPLANNED_FAULT', `the scenario's faults do not list ${kind} (any more)`);
      }
      return entry.life;
    },
  };
}

/** A plan that grows as faults are taken: for tests that are written as they go. */
export function createOpenFaultPlan(record: (record: HistoryRecord) => void): FaultPlan {
  const name = numbered();
  return { take: (kind) => plan(name(kind), record) };
}

function numbered(): (kind: string) => string {
  const counts = new Map<string, number>();
  return (kind) => {
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    return `${kind}#${count}`;
  };
}

function plan(name: string, record: (record: HistoryRecord) => void): FaultLife {
  const write = (phase: 'planned' | 'armed' | 'fired' | 'healed', evidence?: Evidence, at = nowMs()) =>
    record({ at, kind: 'fault', fault: name, phase, ...(evidence ? { evidence } : {}) });
  write('planned');
  return {
    name,
    armed: () => write('armed'),
    fired: (evidence, at) => write('fired', evidence, at),
    healed: (evidence) => write('healed', evidence),
  };
}
