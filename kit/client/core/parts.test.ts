import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffDelay, delayWithFloor, type Jitter, MAX_TIMER_MS } from './backoff.ts';
import { createDedupeWindow } from './dedupe-window.ts';
import { defaultRetryDecision, type FailureCause, isEventStreamType, type RetryDecision } from './failure.ts';
import { judgeHeartbeat, judgeLiveness, silenceLimitMs } from './liveness.ts';
import { createReorderBuffer } from './reorder-buffer.ts';
import { parseRetryAfter } from './retry-after.ts';

const rolls = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const jitters = fc.oneof(
  fc.constantFrom<Jitter>('full', 'equal', 'decorrelated'),
  fc.integer({ min: 0, max: 100 }),
);
const backoffs = fc
  .tuple(
    fc.integer({ min: 1, max: 10_000 }),
    fc.integer({ min: 0, max: 1e12 }),
    fc.double({ min: 1, max: 10, noNaN: true }),
    jitters,
  )
  .map(([baseMs, more, factor, jitter]) => ({ baseMs, maxMs: baseMs + more, factor, jitter }));

describe('backoff', () => {
  it('stays between 0 and its bounds, whatever the numbers', () => {
    fc.assert(
      fc.property(
        backoffs,
        fc.integer({ min: 1, max: 10_000 }),
        fc.nat(1e9),
        rolls,
        (backoff, failures, previous, roll) => {
          const delay = backoffDelay(backoff, failures, previous, roll);
          expect(delay).toBeGreaterThanOrEqual(0);
          expect(delay).toBeLessThanOrEqual(Math.min(backoff.maxMs, MAX_TIMER_MS));
        },
      ),
    );
  });

  it('grows to its maximum, and spreads below it', () => {
    const full = { baseMs: 100, maxMs: 10_000, factor: 2, jitter: 'full' } as const;
    expect([1, 2, 3, 20].map((failures) => backoffDelay(full, failures, 0, 0.9999999))).toEqual([
      expect.closeTo(100, 1),
      expect.closeTo(200, 1),
      expect.closeTo(400, 1),
      expect.closeTo(10_000, 1),
    ]);
    expect(backoffDelay(full, 20, 0, 0)).toBe(10);
    expect(backoffDelay({ ...full, jitter: 'equal' }, 3, 0, 0)).toBe(200);
    expect(backoffDelay({ ...full, jitter: 'decorrelated' }, 3, 500, 0.5)).toBe(800);
    expect(backoffDelay({ ...full, jitter: 20 }, 2, 0, 0)).toBe(160);
    expect(backoffDelay({ ...full, jitter: 20 }, 2, 0, 0.5)).toBe(200);
  });

  it('never comes back before the floor, and at different times for different rolls', () => {
    const floors = fc.integer({ min: 1, max: 1e10 });
    fc.assert(
      fc.property(fc.nat(60_000), floors, rolls, rolls, (delay, floor, a, b) => {
        const first = delayWithFloor(delay, floor, 300_000, 1000, a);
        expect(first).toBeGreaterThanOrEqual(Math.min(floor, 300_000));
        expect(first).toBeLessThanOrEqual(MAX_TIMER_MS);
        if (delay === 0 && Math.abs(a - b) > 0.01) {
          expect(delayWithFloor(0, floor, 300_000, 1000, b)).not.toBe(first);
        }
      }),
    );
    expect(delayWithFloor(70, 0, 300_000, 1000, 0.5)).toBe(70);
    expect(delayWithFloor(70, Number.NaN, 300_000, 1000, 0.5)).toBe(70);
  });
});

describe('Retry-After', () => {
  const now = Date.UTC(2026, 0, 1);
  it('is seconds or a date, and anything else is nothing', () => {
    expect(parseRetryAfter('120', now)).toBe(120_000);
    expect(parseRetryAfter(' 0 ', now)).toBe(0);
    expect(parseRetryAfter('Thu, 01 Jan 2026 00:00:30 GMT', now)).toBe(30_000);
    expect(parseRetryAfter('Wed, 31 Dec 2025 00:00:00 GMT', now)).toBe(0);
    for (const text of [null, '', '-1', '1.5', '5x', 'soon', '2026-01-01'])
      expect(parseRetryAfter(text, now)).toBe(0);
  });

  it('never throws and never is negative', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer(), (text, at) => {
        expect(parseRetryAfter(text, at)).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('the default retry policy', () => {
  it('has an answer to every cause, each of which the client can name', () => {
    const answers: Record<FailureCause, RetryDecision> = {
      'no-bytes': 'retry',
      trickle: 'retry',
      'silent-but-heartbeating': 'retry',
      'tail-loss': 'retry',
      'slow-first-byte': 'retry',
      sleep: 'retry',
      network: 'retry',
      'connect-timeout': 'retry',
      status: 'final',
      'content-type': 'final',
      'no-body': 'final',
      request: 'retry',
      eof: 'retry',
      gap: 'retry',
      'too-large': 'retry',
    };
    for (const [cause, answer] of Object.entries(answers))
      expect(defaultRetryDecision({ cause: cause as FailureCause, message: '' }), cause).toBe(answer);
  });

  it('knows which statuses may pass', () => {
    const decide = (status: number) => defaultRetryDecision({ cause: 'status', status, message: '' });
    expect([408, 425, 429, 500, 502, 503, 504, 599].map(decide)).toEqual(Array(8).fill('retry'));
    expect([201, 301, 307, 400, 401, 403, 404, 410].map(decide)).toEqual(Array(8).fill('final'));
    expect(decide(204)).toBe('complete');
    expect(defaultRetryDecision({ cause: 'content-type', message: '' })).toBe('final');
    expect(defaultRetryDecision({ cause: 'network', message: '' })).toBe('retry');
  });

  it('compares only the essence of a content type', () => {
    expect(
      ['text/event-stream', 'TEXT/event-stream;charset=x', ' text/event-stream '].map(isEventStreamType),
    ).toEqual([true, true, true]);
    expect(
      [null, '', 'text/event-streamx', 'text/html', 'x text/event-stream'].map(isEventStreamType),
    ).toEqual(Array(5).fill(false));
  });
});

describe('the dedupe window', () => {
  const ids = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { maxLength: 60 });
  it('behaves as a list of the newest ids', () => {
    fc.assert(
      fc.property(ids, fc.integer({ min: 1, max: 6 }), (sequence, size) => {
        const window = createDedupeWindow({ size, ttlMs: Number.POSITIVE_INFINITY });
        let model: string[] = [];
        for (const id of sequence) {
          expect(window.has(id, 0)).toBe(model.includes(id));
          window.add(id, 0);
          model = [...model.filter((other) => other !== id), id].slice(-size);
        }
        expect(window.snapshot().map(([id]) => id)).toEqual(model);
        expect(window.snapshot().length).toBeLessThanOrEqual(size);
      }),
    );
  });

  it('forgets after its time, and survives a snapshot', () => {
    const bounds = { size: 3, ttlMs: 100 };
    const window = createDedupeWindow(bounds);
    window.add('a', 0);
    window.add('b', 50);
    const restored = createDedupeWindow(bounds);
    for (const [id, at] of window.snapshot()) restored.add(id, at);
    expect([restored.has('a', 99), restored.has('a', 100), restored.has('b', 100)]).toEqual([
      true,
      false,
      true,
    ]);
  });
});

describe('ids whose events are handed on', () => {
  const bounds = { size: 2, ttlMs: Number.POSITIVE_INFINITY };

  it('are known at once, but not saved before they are committed', () => {
    const window = createDedupeWindow(bounds);
    for (const id of ['a', 'b']) window.begun(id);
    window.settled('a', () => Number.POSITIVE_INFINITY);
    expect([window.has('a', 0), window.has('b', 0), window.snapshot()]).toEqual([true, true, []]);
    window.committed('b', 1); // its handler has not finished
    window.committed('a', 2);
    expect(window.snapshot()).toEqual([['a', 2]]);
  });

  it('are committed with all that were settled before, and keep their time when they were already', () => {
    const window = createDedupeWindow({ ...bounds, size: 9 });
    for (const id of ['a', 'b', 'c', 'd']) window.begun(id);
    window.settled('b', () => 5);
    for (const id of ['a', 'c', 'd']) window.settled(id, () => Number.POSITIVE_INFINITY);
    window.committed('c', 7);
    expect(window.snapshot()).toEqual([
      ['b', 5],
      ['a', 7],
      ['c', 7],
    ]);
  });

  it('are forgotten when they will be sent again, unless they are committed', () => {
    const window = createDedupeWindow(bounds);
    for (const id of ['a', 'b', 'c']) window.begun(id);
    window.settled('a', () => 1);
    window.settled('b', () => Number.POSITIVE_INFINITY);
    window.reset();
    window.settled('c', () => 2); // a handler of before
    expect(['a', 'b', 'c'].map((id) => window.has(id, 3))).toEqual([true, false, false]);
  });
});

describe('the reorder buffer', () => {
  it('gives back everything, in order of keys, and ties as they came', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { maxLength: 40 }), (keys) => {
        const buffer = createReorderBuffer<[number, number]>({ bufferEvents: 10, bufferMs: 5 });
        keys.forEach((key, order) => void buffer.hold(key, [key, order], order));
        expect(buffer.dueAt === Number.NEGATIVE_INFINITY).toBe(keys.length > 10);
        const out: Array<[number, number]> = [];
        for (let item = buffer.takeLowest(); item; item = buffer.takeLowest()) out.push(item);
        const sorted = keys
          .map((key, order): [number, number] => [key, order])
          .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        expect(out).toEqual(sorted);
        expect([buffer.size, buffer.dueAt, buffer.lowest]).toEqual([
          0,
          Number.POSITIVE_INFINITY,
          Number.POSITIVE_INFINITY,
        ]);
      }),
    );
  });

  it('is due when its oldest was held long enough', () => {
    const buffer = createReorderBuffer<string>({ bufferEvents: 10, bufferMs: 5 });
    buffer.hold(2, 'two', 100);
    buffer.hold(1, 'one', 103);
    expect(buffer.dueAt).toBe(105);
    expect([buffer.takeLowest(), buffer.dueAt]).toEqual(['one', 105]);
    buffer.hold(3, 'three', 103);
    expect([buffer.takeLowest(), buffer.dueAt]).toEqual(['two', 108]);
  });
});

describe('liveness', () => {
  const policy = { timeoutMs: null, graceMs: null, firstByteMs: 10_000, trickleFactor: 2 };
  const state = { openedAt: 0, lastByteAt: 500, lastFrameAt: 500, cadenceMs: 1000, speaksFirst: true };
  it('learns its deadline from the cadence, and has none without', () => {
    expect(silenceLimitMs(policy, 0)).toBe(Number.POSITIVE_INFINITY);
    expect(silenceLimitMs(policy, 1000)).toBe(2000);
    expect(silenceLimitMs(policy, 20_000)).toBe(30_000);
    expect(silenceLimitMs({ ...policy, timeoutMs: 700, graceMs: 50 }, 20_000)).toBe(750);
  });

  it('is either alive until a later time or names a cause', () => {
    fc.assert(
      fc.property(
        fc.nat(1e5),
        fc.nat(1e5),
        fc.nat(1e5),
        fc.nat(60_000),
        fc.boolean(),
        (byte, frame, now, cadenceMs, speaksFirst) => {
          const input = {
            openedAt: 0,
            lastByteAt: byte,
            lastFrameAt: Math.min(byte, frame),
            cadenceMs,
            speaksFirst,
          };
          const verdict = judgeLiveness(policy, input, now);
          if (verdict.cause !== null) expect(verdict.silentMs).toBeGreaterThan(0);
          else {
            expect(verdict.checkInMs).toBeGreaterThan(0);
            if (verdict.checkInMs < Number.POSITIVE_INFINITY) {
              expect(judgeLiveness(policy, input, now + verdict.checkInMs).cause).not.toBeNull();
            }
          }
        },
      ),
    );
  });

  it('tells the causes apart', () => {
    expect(judgeLiveness(policy, state, 2500)).toMatchObject({ cause: 'no-bytes', silentMs: 2000 });
    const trickle = { ...state, lastByteAt: 4400, lastFrameAt: 500 };
    expect(judgeLiveness(policy, trickle, 4500)).toMatchObject({ cause: 'trickle' });
    const buffered = { ...state, lastByteAt: 0, lastFrameAt: -1, cadenceMs: 0 };
    expect(judgeLiveness(policy, buffered, 10_000)).toMatchObject({ cause: 'slow-first-byte' });
    expect(judgeLiveness(policy, { ...buffered, speaksFirst: false }, 1e9)).toMatchObject({ cause: null });
    expect(judgeHeartbeat(5, 5, false)).toBeNull();
    expect(judgeHeartbeat(6, 5, true)).toBe('tail-loss');
    expect(judgeHeartbeat(6, 5, false)).toBe('silent-but-heartbeating');
  });
});
