import { afterEach, describe, expect, it, vi } from 'vitest';
import { type ConnectOptions, connect, createRetryBudget, systemClock } from './index.ts';
import { open, run } from './one-stream.fixture.ts';

describe('requests', () => {
  it('asks functions for URL, headers and body at each attempt, and POSTs', async () => {
    const tokens = ['a', 'b'];
    const { clock, network } = run((exchange) => exchange.fail(), {
      method: 'POST',
      headers: async () => ({ Authorization: tokens.shift() ?? 'none' }),
      body: ({ attempt }) => `attempt ${attempt}`,
    });
    await clock.advance(1000);
    expect(
      network.exchanges.map(({ request }) => [request.method, request.headers.authorization, request.body]),
    ).toEqual([
      ['POST', 'a', 'attempt 1'],
      ['POST', 'b', 'attempt 2'],
    ]);
  });

  it('treats a token function that fails as a failed attempt', async () => {
    const { clock, kinds, network } = run(() => undefined, {
      headers: () => Promise.reject(new Error('token service down')),
    });
    await clock.advance(1500);
    expect(network.exchanges).toHaveLength(0);
    expect(kinds('retry').length).toBeGreaterThanOrEqual(1);
    expect(kinds('error')[0]).toMatchObject({ code: 'ERR_REQUEST', message: 'token service down' });
  });

  it('gives up on a server that accepts and never answers, and tries again', async () => {
    const { clock, kinds, network } = run(() => undefined, { connectTimeoutMs: 4000 });
    await clock.advance(4000);
    expect(network.exchanges[0]?.aborted).toBe(true);
    expect(kinds('disconnect')[0]).toMatchObject({ failure: { cause: 'connect-timeout' } });
    await clock.advance(1000);
    expect(network.exchanges).toHaveLength(2);
  });

  it('can be told to connect again after it gave up', async () => {
    const { clock, stream, network, kinds } = run(
      (exchange) => (exchange.number < 3 ? exchange.fail() : exchange.write(open(0))),
      { retry: { baseMs: 100, maxMs: 100, maxAttempts: 2 } },
    );
    await clock.advance(1000);
    expect(await stream.closed).toMatchObject({ type: 'gave-up', why: 'attempts' });
    expect(kinds('give-up')[0]).toMatchObject({ attempts: [{ attempt: 1 }, { attempt: 2 }] });
    stream.reconnect();
    await clock.advance(0);
    expect([stream.state, network.exchanges.length]).toEqual(['open', 3]);
  });

  it('shares a budget with other clients of the origin', async () => {
    const budget = createRetryBudget({ attempts: 2, perMs: 60_000 });
    const first = run((exchange) => exchange.fail(), { budget, retry: { baseMs: 10, maxMs: 10 } });
    await first.clock.advance(10_000);
    const before = first.network.exchanges.length;
    expect(before).toBe(2);
    expect(first.kinds('retry').some((fact) => fact.kind === 'retry' && fact.cause === 'budget')).toBe(true);
    await first.clock.advance(60_000);
    expect(first.network.exchanges.length).toBeGreaterThan(before);
    expect(first.network.exchanges.length).toBeLessThanOrEqual(before + 3);
  });
});

describe('a budget', () => {
  it.each([{ attempts: 0 }, { attempts: 0.5 }, { attempts: Number.NaN }, { perMs: 0 }])(
    'is refused when nobody could ever connect: %o',
    (limits) => {
      expect(() => createRetryBudget(limits)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_OPTION', message: expect.stringContaining('budget.') }),
      );
    },
  );
});

describe('an answer of 401', () => {
  it('is let go when a new token is tried: its socket is not kept for as long as the stream lives', async () => {
    const { clock, network, stream } = run(
      (exchange) => (exchange.number === 1 ? exchange.respond(401) : exchange.write(open(0))),
      { headers: ({ refresh }) => ({ authorization: refresh ? 'new' : 'old' }) },
    );
    await clock.advance(0);
    expect(network.exchanges.map(({ aborted }) => aborted)).toEqual([true, false]);
    await stream.close();
    expect(network.exchanges[1]?.aborted).toBe(true);
  });
});

describe('the clock of the system', () => {
  afterEach(() => vi.useRealTimers());

  it('waits at least as long as a timer can, when it is told to wait longer', () => {
    vi.useFakeTimers();
    for (const ms of [2 ** 31, 1e15, Number.POSITIVE_INFINITY]) {
      const fired = vi.fn();
      const cancel = systemClock.setTimeout(fired, ms);
      vi.advanceTimersByTime(86_400_000);
      expect(fired).not.toHaveBeenCalled();
      cancel();
    }
  });
});

describe('contradictory options', () => {
  it.each<[string, ConnectOptions]>([
    ['a body without a method', { body: 'x' }],
    ['a maximum below the base', { retry: { baseMs: 100, maxMs: 10 } }],
    ['a jitter over 100 per cent', { retry: { jitter: 101 } }],
    ['a negative timeout', { liveness: { timeoutMs: -1 } }],
    ['concurrency without a handler', { concurrency: { limit: 2, key: () => '' } }],
    ['a late policy without an order', { order: { by: 'none', late: 'drop' } }],
    ['no bound at all', { bounds: { maxEventBytes: 0 } }],
  ])('%s is refused at construction', (_what, options) => {
    expect(() => connect('http://test/', options)).toThrowError(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION' }),
    );
  });
});
