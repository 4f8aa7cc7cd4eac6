import { backoffDelay, delayWithFloor } from './backoff.ts';
import type { Failure } from './failure.ts';
import type { CloseReason, Effect, Input, RetryPolicy, State } from './state.ts';

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
  history: [],
};

/**
 * The life of a client as a function: state, input and time in, next state and effects out. It holds no clock and no
 * chance. An input that means nothing in a state leaves it as it is, without effects. Fields of the state before may
 * linger in the next: the type says which of them count.
 * @param now milliseconds on a clock that does not run backwards.
 */
export function transition(policy: RetryPolicy, state: State, input: Input, now: number): Step {
  const active = isActive(state);
  switch (input.type) {
    case 'start':
      if (state.name === 'idle') return request(state, now);
      break;
    case 'opened':
      if (state.name === 'connecting') return [{ ...state, name: 'open', since: now }, []];
      break;
    case 'failed':
      if (active) return failed(policy, state, input, now);
      break;
    case 'throttled': {
      const { waitMs } = input;
      // No attempt was made.
      if (state.name === 'connecting') {
        return wait({ ...state, attempt: state.attempt - 1 }, now, waitMs, waitMs);
      }
      break;
    }
    case 'retry-hint':
      return [{ ...state, retryMs: input.retryMs }, []];
    case 'drain':
      if (state.name !== 'open') break;
      return [{ ...state, name: 'draining', since: now, openedAt: state.since, floorMs: input.floorMs }, []];
    case 'complete':
      if (active) return close(state, { type: 'complete' });
      break;
    case 'timer':
      if (state.name === 'waiting' && !state.suspended) return request(state, now);
      break;
    case 'online':
    case 'wake':
      return signal(state, now);
    case 'suspend':
      if (state.name === 'waiting') return suspended(state, now, state.notBefore);
      if (active) return suspended(state, now, now);
      break;
    case 'restore': {
      if (state.name !== 'waiting' || !state.suspended) return signal(state, now);
      const delayMs = state.notBefore - now;
      return delayMs > 0 ? wait(state, now, delayMs, delayMs) : request(state, now);
    }
    case 'reconnect':
      return restart(healthy(state), now);
    case 'close':
      if (state.name !== 'closed') return close(state, input.reason);
  }
  return [state, []];
}

function isActive({ name }: State): boolean {
  return name === 'connecting' || name === 'open' || name === 'draining';
}

/** How long the connection has been open; negative when it never was. */
export function livedMs(state: State, now: number): number {
  if (state.name === 'open') return now - state.since;
  return state.name === 'draining' ? now - state.openedAt : -1;
}

function request(state: State, now: number): Step {
  return [{ ...state, name: 'connecting', since: now, attempt: state.attempt + 1 }, [{ do: 'request' }]];
}

/** A request in the place of what the state does. */
function restart(state: State, now: number): Step {
  const [next, effects] = request(state, now);
  return [next, [...leave(state), ...effects]];
}

/** @param floor what was asked for: no signal cuts the wait shorter. */
function wait(state: State, now: number, delay: number, floor: number, failure: Failure | null = null): Step {
  // Whole milliseconds, as timers are; upwards, for a floor must hold.
  const [delayMs = 0, floorMs = 0] = [delay, floor].map(Math.ceil);
  const times = { since: now, until: now + delayMs, notBefore: now + Math.min(floorMs, delayMs) };
  return [
    { ...state, ...times, name: 'waiting', suspended: false },
    [{ do: 'wait', delayMs, failure, floorMs }],
  ];
}

function failed(policy: RetryPolicy, state: State, input: Input & { type: 'failed' }, now: number): Step {
  const { decision, failure, roll } = input;
  if (decision === 'complete') return close(state, { type: 'complete' });
  const draining = state.name === 'draining';
  const slept = failure.cause === 'sleep';
  const lived = slept || livedMs(state, now) >= policy.healthyAfterMs;
  // A sleep is nobody's fault and a drain the server's wish; but a server that drains whoever comes is failing.
  const blameless = slept || (draining && lived);
  const before = lived ? healthy(state) : state;
  const history = [...before.history, { attempt: state.attempt, at: now, failure }].slice(-HISTORY);
  const failures = before.failures + (blameless ? 0 : 1);
  const failingSince = before.failures === 0 ? now : before.failingSince;
  const next = { ...before, failures, failingSince, history };
  const givesUp =
    decision === 'final'
      ? decision
      : failures >= policy.maxAttempts
        ? 'attempts'
        : now - failingSince >= policy.maxElapsedMs && failures > 1 && 'elapsed';
  if (givesUp) return close(next, { type: 'gave-up', why: givesUp, failure, attempts: history });

  const asked = Math.max(input.floorMs, draining ? state.floorMs : 0);
  const floorMs = asked > 0 ? asked : Math.min(state.retryMs, policy.maxMs);
  const delay = backoffDelay(policy, Math.max(1, failures), before.delayMs, roll);
  const delayMs = delayWithFloor(delay, floorMs, policy.maxRetryAfterMs, policy.baseMs, roll);
  return wait({ ...next, delayMs }, now, delayMs, floorMs, failure);
}

function healthy(state: State): State {
  return { ...state, failures: 0, failingSince: 0, delayMs: 0, history: [] };
}

/** The network or the page came back: do not sit out a long wait, and do not trust a connection that slept. */
function signal(state: State, now: number): Step {
  if (state.name === 'open' || state.name === 'draining') return [state, [{ do: 'check' }]];
  if (state.name !== 'waiting' || state.suspended) return [state, []];
  if (now - state.since < SIGNAL_GAP_MS || now < state.notBefore) return [state, []];
  return restart(state, now);
}

function suspended(state: State, now: number, notBefore: number): Step {
  return [
    { ...state, name: 'waiting', since: now, until: notBefore, notBefore, suspended: true },
    leave(state),
  ];
}

/** What ends the state's own doings. */
function leave(state: State): Effect[] {
  if (state.name === 'waiting') return [{ do: 'stop-waiting' }];
  return isActive(state) ? [{ do: 'abandon' }] : [];
}

function close(state: State, reason: CloseReason): Step {
  return [{ ...state, name: 'closed', reason }, leave(state)];
}
