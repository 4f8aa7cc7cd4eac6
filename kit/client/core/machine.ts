import { backoffDelay, delayWithFloor } from './backoff.ts';
import type { AttemptRecord, CloseReason, Effect, Input, Memory, RetryPolicy, State } from './state.ts';

/** Failures kept for `onGiveUp`. */
const HISTORY = 20;
/** A signal (online, visible) may cut a wait short only when the last attempt is so long ago. */
const SIGNAL_GAP_MS = 1000;

type Step = readonly [State, readonly Effect[]];

/** The state before `start`. */
export const initialState: State = {
  name: 'idle',
  attempt: 0,
  failures: 0,
  failingSince: 0,
  delayMs: 0,
  retryMs: 0,
  offline: false,
  history: [],
};

/**
 * The life of a client as a function: state, input and time in, next state and effects out. It holds no clock and no
 * chance. An input that means nothing in a state leaves it as it is, without effects.
 * @param now milliseconds on a clock that does not run backwards.
 */
export function transition(policy: RetryPolicy, state: State, input: Input, now: number): Step {
  switch (input.type) {
    case 'start':
      return state.name === 'idle' ? request(state, now) : [state, []];
    case 'opened':
      return state.name === 'connecting' ? [{ ...memory(state), name: 'open', since: now }, []] : [state, []];
    case 'failed':
      return isActive(state) ? failed(policy, state, input, now) : [state, []];
    case 'throttled':
      return state.name === 'connecting' ? throttled(state, input.waitMs, now) : [state, []];
    case 'retry-hint':
      return [{ ...state, retryMs: input.retryMs }, []];
    case 'drain':
      return state.name === 'open' ? drain(state, input.floorMs, now) : [state, []];
    case 'complete':
      return isActive(state) ? close(state, { type: 'complete' }) : [state, []];
    case 'timer':
      return state.name === 'waiting' && !state.suspended ? request(state, now) : [state, []];
    case 'offline':
      return [{ ...state, offline: true }, []];
    case 'online':
    case 'wake':
      return signal(input.type === 'online' ? { ...state, offline: false } : state, now);
    case 'suspend':
      return suspend(state, now);
    case 'restore':
      return state.name === 'waiting' && state.suspended ? restore(state, now) : signal(state, now);
    case 'reconnect':
      return reconnect(state, now);
    case 'close':
      return state.name === 'closed' ? [state, []] : close(state, input.reason);
  }
}

function isActive(state: State): boolean {
  return state.name === 'connecting' || state.name === 'open' || state.name === 'draining';
}

function request(state: State, now: number): Step {
  const next: State = { ...memory(state), name: 'connecting', since: now, attempt: state.attempt + 1 };
  return [next, [{ do: 'request' }]];
}

function drain(state: State & { name: 'open' }, floorMs: number, now: number): Step {
  return [{ ...memory(state), name: 'draining', since: now, openedAt: state.since, floorMs }, []];
}

function failed(
  policy: RetryPolicy,
  state: State,
  input: Extract<Input, { type: 'failed' }>,
  now: number,
): Step {
  if (input.decision === 'complete') return close(state, { type: 'complete' });
  const lived = livedMs(state, now);
  const { failure, roll } = input;
  // A drain is the server's wish and a sleep is nobody's fault: neither counts against the connection.
  const blameless = state.name === 'draining' || failure.cause === 'sleep';
  const before = lived >= policy.healthyAfterMs || blameless ? healthy(state) : state;
  const record: AttemptRecord = { attempt: state.attempt, at: now, failure };
  const history = [...before.history, record].slice(-HISTORY);
  const failures = before.failures + (blameless ? 0 : 1);
  const failingSince = before.failures === 0 ? now : before.failingSince;
  const why =
    input.decision === 'final'
      ? 'final'
      : failures >= policy.maxAttempts && !blameless
        ? 'attempts'
        : now - failingSince >= policy.maxElapsedMs && failures > 1
          ? 'elapsed'
          : null;
  const next: Memory = { ...memory(state), failures, failingSince, history };
  if (why) return close(next, { type: 'gave-up', why, failure, attempts: history });

  const delay = backoffDelay(policy, Math.max(1, failures), before.delayMs, roll);
  const asked = state.name === 'draining' ? Math.max(state.floorMs, input.floorMs) : input.floorMs;
  const hint = Math.min(state.retryMs, policy.maxMs);
  const floorMs = asked > 0 ? asked : hint;
  const delayMs = delayWithFloor(delay, floorMs, policy.maxRetryAfterMs, policy.baseMs, roll);
  const notBefore = now + Math.min(floorMs, delayMs);
  return [
    { ...next, delayMs, name: 'waiting', since: now, until: now + delayMs, notBefore, suspended: false },
    [{ do: 'wait', delayMs, failure, floorMs }],
  ];
}

function throttled(state: State, waitMs: number, now: number): Step {
  const until = now + waitMs;
  const next: Memory = { ...memory(state), attempt: state.attempt - 1 };
  return [
    { ...next, name: 'waiting', since: now, until, notBefore: until, suspended: false },
    [{ do: 'wait', delayMs: waitMs, failure: null, floorMs: waitMs }],
  ];
}

function livedMs(state: State, now: number): number {
  if (state.name === 'open') return now - state.since;
  return state.name === 'draining' ? now - state.openedAt : -1;
}

function healthy(state: Memory): Memory {
  return { ...state, failures: 0, failingSince: 0, delayMs: 0, history: [] };
}

/** The network or the page came back: do not sit out a long wait, and do not trust a connection that slept. */
function signal(state: State, now: number): Step {
  if (state.name === 'open' || state.name === 'draining') return [state, [{ do: 'check' }]];
  if (state.name !== 'waiting' || state.suspended) return [state, []];
  if (now - state.since < SIGNAL_GAP_MS || now < state.notBefore) return [state, []];
  const [next, effects] = request(state, now);
  return [next, [{ do: 'stop-waiting' }, ...effects]];
}

function suspend(state: State, now: number): Step {
  if (state.name === 'idle' || state.name === 'closed') return [state, []];
  const notBefore = state.name === 'waiting' ? state.notBefore : now;
  const next: State = {
    ...memory(state),
    name: 'waiting',
    since: now,
    until: notBefore,
    notBefore,
    suspended: true,
  };
  return [next, [state.name === 'waiting' ? { do: 'stop-waiting' } : { do: 'abandon' }]];
}

function restore(state: State & { name: 'waiting' }, now: number): Step {
  const delayMs = state.notBefore - now;
  if (delayMs <= 0) return request(state, now);
  const next: State = { ...state, since: now, until: state.notBefore, suspended: false };
  return [next, [{ do: 'wait', delayMs, failure: null, floorMs: delayMs }]];
}

function reconnect(state: State, now: number): Step {
  const [next, effects] = request({ ...state, ...healthy(state) } as State, now);
  if (state.name === 'waiting') return [next, [{ do: 'stop-waiting' }, ...effects]];
  return isActive(state) ? [next, [{ do: 'abandon' }, ...effects]] : [next, effects];
}

function close(state: Memory & { name?: string }, reason: CloseReason): Step {
  const effect: Effect = state.name === 'waiting' ? { do: 'stop-waiting' } : { do: 'abandon' };
  return [{ ...memory(state), name: 'closed', reason }, state.name === 'idle' ? [] : [effect]];
}

/** Only what every state remembers, so that a field of the state before does not linger. */
function memory(state: Memory): Memory {
  const { attempt, failures, failingSince, delayMs, retryMs, offline, history } = state;
  return { attempt, failures, failingSince, delayMs, retryMs, offline, history };
}
