import type { Budget } from '../oracle/types.ts';
import type { Scenario } from '../scenarios/index.ts';
import type { Look } from './look.ts';
import type { Question } from './question.ts';

/** Longest silence that the catalogue's deadlines are made for: its own servers send a heartbeat so often. */
const PACE_MS = 500;
/** Most events that one step of a scenario waits for, and the most that it does while a client is kept away. */
const MOST_EVENTS = 60;
const AWAY_EVENTS = 10;
const PATIENCE_MS = 20_000;

/** How much slower than the catalogue's servers a stream is; at least 1. */
export function slowness({ quietMs }: Pick<Look, 'quietMs'>): number {
  return Math.max(1, quietMs / PACE_MS);
}

/** Longest wait for any one event, in milliseconds: a stream with few events needs its time. */
export function patienceFor({ perSecond }: Pick<Look, 'perSecond'>): number {
  return Math.max(PATIENCE_MS, Math.ceil((1.5 * MOST_EVENTS * 1000) / perSecond));
}

/** The scenario for a stream that nobody controls: deadlines in proportion to its silences; there is no sentinel. */
export function atPaceOf(scenario: Scenario, look: Look, { cursor }: Pick<Question, 'cursor'>): Scenario {
  const factor = slowness(look);
  const { client = {}, budget, expect = {} } = scenario;
  const { livenessTimeoutMs } = client;
  // An outage lasts until its events have come.
  const { reconnectMs, ...others } = budget;
  const isOut = scenario.faults.includes('toxiproxy/down');
  const awayMs = (AWAY_EVENTS * 1000) / look.perSecond;
  return {
    ...scenario,
    client: {
      ...client,
      cursor,
      ...(livenessTimeoutMs ? { livenessTimeoutMs: livenessTimeoutMs * factor } : {}),
    },
    budget: {
      ...others,
      ...(reconnectMs === undefined || isOut ? {} : { reconnectMs: reconnectMs + awayMs }),
      ...(budget.detectMs === undefined ? {} : { detectMs: budget.detectMs * factor }),
      ...(budget.attempts ? { attempts: slack(budget.attempts, isOut, factor) } : {}),
    },
    expect: {
      ...expect,
      sentinel: false,
      nothingOwed: 'unknown',
      ...(expect.silence ? { silence: stretched(expect.silence, factor) } : {}),
    },
  };
}

/** Where attempts may be several, they are the more the longer it takes. */
function slack(
  { min = 0, max = Number.POSITIVE_INFINITY }: NonNullable<Budget['attempts']>,
  isOut: boolean,
  factor: number,
): NonNullable<Budget['attempts']> {
  if (max > min && isOut) return { min };
  return { min, max: max === min ? max : Math.ceil(max * factor) };
}

function stretched<T extends { deadlineMs: number; graceMs?: number }>(silence: T, factor: number): T {
  const { deadlineMs, graceMs } = silence;
  return {
    ...silence,
    deadlineMs: deadlineMs * factor,
    ...(graceMs === undefined ? {} : { graceMs: graceMs * factor }),
  };
}
