import { afterEach, describe, expect, it, vi } from 'vitest';
import { resolveConfig } from './config.ts';
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

const NUMBERS = [
  'connectTimeoutMs',
  'liveness.timeoutMs',
  'liveness.graceMs',
  'liveness.firstByteMs',
  'liveness.trickleFactor',
  'concurrency.limit',
  'handlerFailure.attempts',
  'handlerFailure.baseMs',
  'handlerFailure.maxMs',
  'order.bufferEvents',
  'order.bufferMs',
  'dedupe.size',
  'dedupe.ttlMs',
  'bounds.maxEventBytes',
  'bounds.maxLineBytes',
  'retry.baseMs',
  'retry.maxMs',
  'retry.factor',
  'retry.jitter',
  'retry.healthyAfterMs',
  'retry.maxAttempts',
  'retry.maxElapsedMs',
  'retry.maxRetryAfterMs',
];

describe('options that are numbers', () => {
  it('are all in the table', () => {
    const { options, decide, ...config } = resolveConfig({});
    const names = Object.entries(config).flatMap(([group, whole]) =>
      typeof whole === 'number'
        ? [group]
        : Object.entries(whole).flatMap(([name, value]) =>
            typeof value === 'number' || value === null || name === 'jitter' ? [`${group}.${name}`] : [],
          ),
    );
    expect(names).toEqual(NUMBERS);
  });

  it.each(NUMBERS)('%s is neither negative nor something else', (path) => {
    const [group = '', name] = path.split('.');
    for (const value of [-1, Number.NaN, Number.NEGATIVE_INFINITY, 'soon', '60 s']) {
      const option = name ? { [group]: { key: () => '', [name]: value } } : { [group]: value };
      expect(() => connect('http://test/', { onEvent: () => undefined, ...option }), `${value}`).toThrowError(
        expect.objectContaining({
          code: 'ERR_INVALID_OPTION',
          message: expect.stringMatching(new RegExp(`^option ${path} must be .*, got "?${value}"?$`)),
        }),
      );
    }
  });
});

describe('contradictory options', () => {
  it.each<[string, ConnectOptions, RegExp]>([
    ['a body without a method', { body: 'x' }, /method cannot have a body, got "GET"/],
    ['a maximum below the base', { retry: { baseMs: 100, maxMs: 10 } }, /retry.maxMs .*100.*, got 10$/],
    ['a preset that is none', { retry: 'gentle' as 'standard' }, /retry.preset is unknown, got "gentle"/],
    ['a jitter over 100 per cent', { retry: { jitter: 101 } }, /retry.jitter .*, got 101$/],
    ['a jitter of no name', { retry: { jitter: 'some' as 'full' } }, /retry.jitter .*, got "some"$/],
    ['a jitter below 0', { retry: { jitter: -1 } }, /retry.jitter .*, got -1$/],
    ['a backoff that shrinks', { retry: { factor: 0.5 } }, /retry.factor must be at least 1, got 0.5/],
    [
      'a text for a number',
      { retry: { baseMs: 'soon' as unknown as number } },
      /retry.baseMs .*, got "soon"/,
    ],
    ['a negative timeout', { liveness: { timeoutMs: -1 } }, /liveness.timeoutMs must be above 0, got -1/],
    ['no time to connect', { connectTimeoutMs: 0 }, /option connectTimeoutMs must be above 0, got 0/],
    [
      'concurrency without a handler',
      { concurrency: { limit: 2, key: () => '' } },
      /concurrency needs onEvent/,
    ],
    [
      'half an event at a time',
      { onEvent: () => undefined, concurrency: { limit: 1.5, key: () => '' } },
      /concurrency.limit must be a whole number, got 1.5/,
    ],
    [
      'concurrency with commits by hand',
      { onEvent: () => undefined, concurrency: { limit: 2, key: () => '' }, commit: 'manual' },
      /commit does not go with concurrency, got "manual"/,
    ],
    [
      'a late policy without an order',
      { order: { by: 'none', late: 'drop' } },
      /order.late .*order.by "none", got "drop"/,
    ],
    ['no bound at all', { bounds: { maxEventBytes: 0 } }, /bounds.maxEventBytes must be above 0, got 0/],
  ])('%s is refused at construction', (_what, options, message) => {
    expect(() => connect('http://test/', options)).toThrowError(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION', message: expect.stringMatching(message) }),
    );
  });

  it('are read where they are inherited', () => {
    const options: ConnectOptions = Object.create({ liveness: { timeoutMs: -1 } });
    expect(() => connect('http://test/', options)).toThrowError(
      /option liveness.timeoutMs must be above 0, got -1/,
    );
  });

  it.each(['retry', 'liveness', 'order', 'concurrency'])(
    'are not null in the place of a group (%s)',
    (group) => {
      const { stream } = run((exchange) => exchange.write(open(0)), { [group]: null });
      expect(stream.state).toBe('connecting');
    },
  );

  it('are not those that may be 0, nor what is not given', () => {
    const { stream } = run((exchange) => exchange.write(open(0)), {
      retry: { jitter: 0 },
      liveness: { graceMs: 0, timeoutMs: undefined as unknown as null },
    });
    expect(stream.state).toBe('connecting');
  });
});
