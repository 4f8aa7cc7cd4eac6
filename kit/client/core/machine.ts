import { backoffDelay, delayWithFloor } from './backoff.ts';
import type { CloseReason, Effect, Input, RetryPolicy, State, Wait } from './state.ts';

/** Failures kept for `onGiveUp`. */
const HISTORY = 20;
/** A signal (online, visible) may cut a wait short only when the last attempt is so long ago. */
const SIGNAL_GAP_MS = 1000;

type Step = readonly [next: State, effect?: Effect];

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
 * The life of a client as a function: state, input and time in, next state and effect out. It holds no clock and no
 * chance. An input that means nothing in a state leaves it as it is, without an effect. Fields of the state before may
 * linger in the next: the type says which of them count.
 * @param now milliseconds on a clock that does not run backwards.
 */
export function transition(policy: RetryPolicy, state: State, input: Input, now: number): Step {
  if (input.type === 'retry-hint') return [{ ...state, retryMs: input.retryMs }];
  if (input.type === 'reconnect') return request(healthy(state));
  if (state.name === 'closed') return [state];
  if (input.type === 'close') return close(state, input.reason);
  if (state.name === 'idle') return input.type === 'start' ? request(state) : [state];
  const waiting = state.name === 'waiting';
  if (input.type === 'suspend') {
    const notBefore = waiting ? state.notBefore : now;
    return [{ ...state, name: 'waiting', since: now, notBefore, wait: null }, 'enter'];
  }
  // The network or the page came back: do not sit out a long wait, and do not trust a connection that slept.
  const signal = input.type === 'online' || input.type === 'wake' || input.type === 'restore';
  if (waiting) {
    const leftMs = state.notBefore - now;
    if (!state.wait) {
      if (input.type !== 'restore') return [state];
      return leftMs > 0 ? wait(state, now, 'restore', leftMs) : request(state);
    }
    const early = signal && leftMs <= 0 && now - state.since >= SIGNAL_GAP_MS;
    return early || input.type === 'timer' ? request(state) : [state];
  }
  if (input.type === 'failed') return failed(policy, state, input, now);
  if (input.type === 'complete') return close(state, input);
  if (state.name === 'connecting') {
    if (input.type === 'opened') return [{ ...state, name: 'open', since: now }];
    // No attempt was made.
    if (input.type === 'throttled') {
      return wait({ ...state, attempt: state.attempt - 1 }, now, 'budget', input.waitMs);
    }
    return [state];
  }
  if (input.type === 'drain' && state.name === 'open') {
    return [{ ...state, name: 'draining', floorMs: input.floorMs }];
  }
  return signal ? [state, 'check'] : [state];
}

/** How long the connection has been open; negative when it never was. */
export function livedMs(state: State, now: number): number {
  return state.name === 'open' || state.name === 'draining' ? now - state.since : -1;
}

function request(state: State): Step {
  return [{ ...state, name: 'connecting', attempt: state.attempt + 1 }, 'enter'];
}

/** @param floor what was asked for: no signal cuts the wait shorter. */
function wait(state: State, now: number, cause: Wait['cause'], delay: number, floor = delay): Step {
  // Whole milliseconds, as timers are; upwards, for a floor must hold.
  const delayMs = Math.ceil(delay);
  const floorMs = Math.ceil(floor);
  const notBefore = now + Math.min(floorMs, delayMs);
  return [{ ...state, name: 'waiting', since: now, notBefore, wait: { delayMs, floorMs, cause } }, 'enter'];
}

function failed(policy: RetryPolicy, state: State, input: Input & { type: 'failed' }, now: number): Step {
  const { decision, failure, roll } = input;
  if (decision === 'complete') return close(state, { type: 'complete' });
  const draining = state.name === 'draining';
  const slept = failure.cause === 'sleep';
  const lived = slept || livedMs(state, now) >= policy.healthyAfterMs;
  // A sleep is nobody's fault and a drain the server's wish; but a server that drains whoever comes is failing.
  const blameless = lived && (slept || draining);
  const before = lived ? healthy(state) : state;
  const history = [...before.history, { attempt: state.attempt, at: now, failure }].slice(-HISTORY);
  const failures = before.failures + (blameless ? 0 : 1);
  const failingSince = before.failures > 0 ? before.failingSince : now;
  const next = { ...before, failures, failingSince, history };
  const why =
    decision === 'final'
      ? decision
      : failures >= policy.maxAttempts
        ? 'attempts'
        : now - failingSince >= policy.maxElapsedMs && 'elapsed';
  if (why) return close(next, { type: 'gave-up', why, failure, attempts: history });

  const asked = Math.max(input.floorMs, draining ? state.floorMs : 0);
  const floorMs = asked || Math.min(state.retryMs, policy.maxMs);
  const delay = backoffDelay(policy, Math.max(1, failures), before.delayMs, roll);
  const delayMs = delayWithFloor(delay, floorMs, policy.maxRetryAfterMs, policy.baseMs, roll);
  return wait({ ...next, delayMs }, now, failure.cause, delayMs, floorMs);
}

function healthy(state: State): State {
  return { ...state, failures: 0, delayMs: 0, history: [] };
}

function close(state: State, reason: CloseReason): Step {
  return [{ ...state, name: 'closed', reason }, 'enter'];
}
