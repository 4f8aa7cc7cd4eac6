import { describe, expect, it } from 'vitest';
import { RETRY_PRESETS } from '../config.ts';
import type { Failure } from './failure.ts';
import { initialState, transition } from './machine.ts';
import type { CloseReason, Effect, Input, RetryPolicy, State, StateName, Wait } from './state.ts';

const policy: RetryPolicy = {
  ...RETRY_PRESETS.standard,
  jitter: 0,
  baseMs: 100,
  maxMs: 1000,
  healthyAfterMs: 5000,
};
const failure: Failure = { cause: 'network', message: 'broken' };
const reason: CloseReason = { type: 'closed', cause: 'test' };
const memory = { ...initialState, attempt: 3, failures: 1, failingSince: 10, delayMs: 100, retryMs: 50 };
const wait: Wait = { delayMs: 4000, floorMs: 0, cause: 'network' };
const NOW = 10_000;

const states: Record<string, State> = {
  idle: initialState,
  connecting: { ...memory, name: 'connecting' },
  open: { ...memory, name: 'open', since: 9000 },
  draining: { ...memory, name: 'draining', since: 9000, floorMs: 700 },
  waiting: { ...memory, name: 'waiting', since: 8000, notBefore: 8000, wait },
  'waiting, told to': { ...memory, name: 'waiting', since: 8000, notBefore: 11_000, wait },
  suspended: { ...memory, name: 'waiting', since: 8000, notBefore: 8000, wait: null },
  closed: { ...memory, name: 'closed', reason },
};

const inputs: Record<string, Input> = {
  start: { type: 'start' },
  opened: { type: 'opened' },
  failed: { type: 'failed', failure, decision: 'retry', floorMs: 0, roll: 0.5 },
  final: { type: 'failed', failure, decision: 'final', floorMs: 0, roll: 0.5 },
  'no content': { type: 'failed', failure, decision: 'complete', floorMs: 0, roll: 0.5 },
  throttled: { type: 'throttled', waitMs: 300 },
  'retry-hint': { type: 'retry-hint', retryMs: 77 },
  drain: { type: 'drain', floorMs: 400 },
  complete: { type: 'complete' },
  timer: { type: 'timer' },
  online: { type: 'online' },
  offline: { type: 'offline' },
  wake: { type: 'wake' },
  suspend: { type: 'suspend' },
  restore: { type: 'restore' },
  reconnect: { type: 'reconnect' },
  close: { type: 'close', reason },
};

/** For each state and input: the next state and the effect; where nothing is said nothing happens. */
const table: Record<string, Record<string, string>> = {
  idle: {
    start: 'connecting enter',
    reconnect: 'connecting enter',
    close: 'closed enter',
  },
  connecting: {
    opened: 'open',
    failed: 'waiting, timed enter',
    final: 'closed enter',
    'no content': 'closed enter',
    throttled: 'waiting, timed enter',
    complete: 'closed enter',
    suspend: 'waiting enter',
    reconnect: 'connecting enter',
    close: 'closed enter',
  },
  open: {
    failed: 'waiting, timed enter',
    final: 'closed enter',
    'no content': 'closed enter',
    drain: 'draining',
    complete: 'closed enter',
    online: 'open check',
    wake: 'open check',
    restore: 'open check',
    suspend: 'waiting enter',
    reconnect: 'connecting enter',
    close: 'closed enter',
  },
  draining: {
    failed: 'waiting, timed enter',
    final: 'closed enter',
    'no content': 'closed enter',
    complete: 'closed enter',
    online: 'draining check',
    wake: 'draining check',
    restore: 'draining check',
    suspend: 'waiting enter',
    reconnect: 'connecting enter',
    close: 'closed enter',
  },
  waiting: {
    timer: 'connecting enter',
    online: 'connecting enter',
    wake: 'connecting enter',
    restore: 'connecting enter',
    suspend: 'waiting enter',
    reconnect: 'connecting enter',
    close: 'closed enter',
  },
  'waiting, told to': {
    timer: 'connecting enter',
    suspend: 'waiting enter',
    reconnect: 'connecting enter',
    close: 'closed enter',
  },
  suspended: {
    restore: 'connecting enter',
    suspend: 'waiting enter',
    reconnect: 'connecting enter',
    close: 'closed enter',
  },
  closed: { reconnect: 'connecting enter' },
};

function show(state: State, effect: Effect | undefined): string {
  const timed = effect && state.name === 'waiting' && state.wait;
  return `${state.name}${timed ? ', timed' : ''} ${effect ?? ''}`.trim();
}

describe('the state machine', () => {
  for (const [from, state] of Object.entries(states)) {
    for (const [by, input] of Object.entries(inputs)) {
      const expected = table[from]?.[by] ?? state.name;
      it(`${from} + ${by} -> ${expected}`, () => {
        const frozen = Object.freeze({ ...state });
        const [next, effect] = transition(policy, frozen, input, NOW);
        expect(show(next, effect)).toBe(expected);
        if (next.name === state.name && !effect) {
          const { retryMs: _r, ...rest } = next;
          const { retryMs: _r2, ...before } = state;
          expect(rest).toEqual(before);
        }
      });
    }
  }

  const fail = (
    state: State,
    now: number,
    more: Partial<Extract<Input, { type: 'failed' }>> = {},
    p = policy,
  ) =>
    transition(p, state, { type: 'failed', failure, decision: 'retry', floorMs: 0, roll: 0.5, ...more }, now);
  const openAt = (since: number, more: Partial<State> = {}): State =>
    ({ ...initialState, attempt: 1, ...more, name: 'open', since }) as State;

  it('counts a connection that was accepted and closed as a failure, and a healthy one not', () => {
    const failing = { failures: 3, failingSince: 1 };
    expect(fail(openAt(0, failing), 4999)[0]).toMatchObject({ failures: 4, delayMs: 800 });
    expect(fail(openAt(0, failing), 5000)[0]).toMatchObject({
      failures: 1,
      failingSince: 5000,
      delayMs: 100,
    });
  });

  it('does not count the drain of a healthy connection, or a sleep', () => {
    expect(fail(states.draining as State, 14_000)[0]).toMatchObject({ failures: 0 });
    const sleep: Failure = { cause: 'sleep', message: '' };
    expect(fail(openAt(NOW - 10), NOW, { failure: sleep })[0]).toMatchObject({ failures: 0 });
  });

  it('counts a connection that was accepted and drained as a failure: its delays grow', () => {
    const again = { ...(states.draining as State), failures: 3, floorMs: 0 } as State;
    expect(fail(again, NOW)[0]).toMatchObject({ failures: 4, delayMs: 800 });
  });

  it('waits at least as long as the server asks, with a spread on top', () => {
    const delay = (roll: number) => {
      const [next] = fail(states.connecting as State, NOW, { floorMs: 2000, roll });
      return next.name === 'waiting' ? next : null;
    };
    expect(delay(0)?.delayMs).toBe(2000);
    expect(delay(0.5)?.delayMs).toBe(2250);
    expect(delay(0.5)?.notBefore).toBe(NOW + 2000);
    expect(fail(states.draining as State, NOW, { roll: 0 })[0]).toMatchObject({ delayMs: 700 });
  });

  it('clamps what the server asks for', () => {
    const hinted: State = { ...(states.connecting as State), retryMs: 3_000_000_000 };
    expect(fail(hinted, NOW, { roll: 0 })[0]).toMatchObject({ delayMs: policy.maxMs });
    const [asked] = fail(states.connecting as State, NOW, { floorMs: 3_000_000_000, roll: 0 });
    expect(asked).toMatchObject({ delayMs: policy.maxRetryAfterMs });
  });

  it('gives up after the attempts or the time that the policy allows, with the history', () => {
    const few = { ...policy, maxAttempts: 3 };
    let state: State = initialState;
    const names: StateName[] = [];
    for (let now = 0; state.name !== 'closed' && now < 10; now++) {
      [state] = transition(few, state, { type: state.name === 'idle' ? 'start' : 'timer' }, now);
      [state] = fail(state, now, {}, few);
      names.push(state.name);
    }
    expect(names).toEqual(['waiting', 'waiting', 'closed']);
    expect(state).toMatchObject({ reason: { type: 'gave-up', why: 'attempts', failure } });
    expect(state.history.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    const soon = { ...policy, maxElapsedMs: 500 };
    const late: State = { ...initialState, name: 'connecting', failures: 2, failingSince: 1 };
    expect(fail(late, 500, {}, soon)[0].name).toBe('waiting');
    expect(fail(late, 501, {}, soon)[0]).toMatchObject({ name: 'closed', reason: { why: 'elapsed' } });
  });

  it('does not reconnect at each of many signals', () => {
    const young: State = { ...(states.waiting as State), since: NOW - 500 } as State;
    expect(transition(policy, young, { type: 'online' }, NOW)[1]).toBeUndefined();
  });

  it('keeps what the server asked for while the page is away', () => {
    const [away] = transition(policy, states['waiting, told to'] as State, { type: 'suspend' }, NOW);
    const [back, effect] = transition(policy, away, { type: 'restore' }, NOW + 400);
    expect(show(back, effect)).toBe('waiting, timed enter');
    expect(back).toMatchObject({ wait: { delayMs: 600 } });
  });
});
