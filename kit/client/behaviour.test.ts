import * as v from 'valibot';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { encodeStreamOpen } from '../protocol/control.ts';
import { encodeHeartbeat } from '../protocol/heartbeat.ts';
import { type MemoryExchange, memoryNetwork, seededRandom, VirtualClock } from '../testing/index.ts';
import {
  type ClientFact,
  type ConnectOptions,
  connect,
  createRetryBudget,
  memoryCursorStore,
  type StreamEvent,
  type StreamHandle,
} from './index.ts';
import type { LifecycleSignal } from './lifecycle.ts';

const EPOCH = 'epoch-0001';
const at = (seq: number) => ({ epoch: EPOCH, seq });
const open = (cursor: number, resume: 'fresh' | 'ok' = 'fresh', heartbeatMs = 10_000) =>
  encodeStreamOpen(
    { stream: 's', epoch: EPOCH, head: cursor, oldest: 1, resume, heartbeatMs, connection: 'c', protocol: 1 },
    at(cursor),
  );
const event = (seq: number, data: unknown = seq) => `id: ${EPOCH}.${seq}\ndata: ${JSON.stringify(data)}\n\n`;
const opaque = (id: string) => `id: ${id}\ndata: "${id}"\n\n`;

const streams: StreamHandle[] = [];
afterEach(async () => {
  for (const stream of streams.splice(0)) await stream.close();
});

/** A client in virtual time against a network in memory. */
function run(serve: (exchange: MemoryExchange) => void, options: ConnectOptions = {}) {
  const clock = new VirtualClock();
  const network = memoryNetwork(serve);
  const facts: ClientFact[] = [];
  const seen: unknown[] = [];
  let signal: (name: LifecycleSignal) => void = () => undefined;
  const stream = connect('http://test/stream', {
    onEvent: ({ data }: StreamEvent) => void seen.push(data),
    observe: (fact) => facts.push(fact),
    retry: { baseMs: 1000, maxMs: 8000, jitter: 0 },
    ...options,
    ports: {
      clock,
      random: seededRandom(7),
      transport: network.transport,
      lifecycle: {
        subscribe(listener) {
          signal = listener;
          return () => undefined;
        },
      },
    },
  });
  streams.push(stream);
  const kinds = (kind: ClientFact['kind']) => facts.filter((fact) => fact.kind === kind);
  return { clock, network, facts, kinds, seen, stream, signal: (name: LifecycleSignal) => signal(name) };
}

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

describe('liveness', () => {
  it('leaves a quiet stream with heartbeats alone for hours', async () => {
    const { clock, network, kinds } = run((exchange) => exchange.write(open(0)));
    for (let i = 0; i < 720; i++) {
      await clock.advance(10_000);
      network.exchanges[0]?.write(encodeHeartbeat({ head: at(0), unixMs: clock.now() }));
    }
    await clock.advance(0);
    expect([network.exchanges.length, kinds('heartbeat').length, kinds('liveness').length]).toEqual([
      1, 720, 0,
    ]);
  });

  it('names silence, a trickle, and heartbeats without events', async () => {
    const silent = run((exchange) => exchange.write(open(0)));
    await silent.clock.advance(15_100);
    expect(silent.kinds('liveness')[0]).toMatchObject({ cause: 'no-bytes', silentMs: 15_000 });

    const trickle = run((exchange) => exchange.write(open(0)));
    for (let i = 0; i < 31; i++) {
      trickle.network.exchanges[0]?.write('x');
      await trickle.clock.advance(1000);
    }
    expect(trickle.kinds('liveness')[0]).toMatchObject({ cause: 'trickle' });

    const deaf = run((exchange) => {
      exchange.write(open(0));
      exchange.write(encodeHeartbeat({ head: at(2), unixMs: 1 }));
    });
    await deaf.clock.advance(0);
    expect(deaf.kinds('liveness')[0]).toMatchObject({ cause: 'silent-but-heartbeating' });
  });

  it('does not count the time of a slow handler as silence of the server', async () => {
    const clockOf: { clock?: VirtualClock } = {};
    const { clock, kinds, network } = run((exchange) => exchange.write(open(0) + event(1)), {
      onEvent: () => new Promise<void>((resolve) => clockOf.clock?.setTimeout(resolve, 60_000)),
    });
    clockOf.clock = clock;
    await clock.advance(70_000);
    expect([kinds('liveness').length, network.exchanges.length]).toEqual([0, 1]);
  });

  it('looks once after a sleep, and reconnects at once when nothing came', async () => {
    const { clock, kinds, network } = run((exchange) =>
      exchange.write(open(0, exchange.number > 1 ? 'ok' : 'fresh')),
    );
    await clock.advance(1000);
    await clock.sleep(3_600_000);
    expect(network.exchanges).toHaveLength(1);
    await clock.advance(1000);
    expect(kinds('liveness')).toMatchObject([{ cause: 'sleep' }]);
    await clock.advance(1000);
    expect(network.exchanges).toHaveLength(2);
  });
});

describe('the page', () => {
  it('lets go when it is hidden away, and comes back with one connection', async () => {
    const { clock, network, signal, stream } = run((exchange) => exchange.write(open(0)));
    await clock.advance(0);
    signal('suspend');
    await clock.advance(100_000);
    expect([network.exchanges.length, network.exchanges[0]?.aborted, stream.state]).toEqual([
      1,
      true,
      'waiting',
    ]);
    signal('restore');
    await clock.advance(0);
    expect([network.exchanges.length, stream.state]).toEqual([2, 'open']);
  });

  it('does not sit out a wait when the network is back, and does not loop', async () => {
    const { clock, network, signal } = run((exchange) => exchange.fail(), {
      retry: { baseMs: 8000, maxMs: 8000, jitter: 0 },
    });
    await clock.advance(2000);
    for (let i = 0; i < 10; i++) {
      signal('online');
      await clock.advance(0);
    }
    expect(network.exchanges).toHaveLength(2);
  });
});

describe('handlers', () => {
  it('are called again as the policy says, then the event is given up and the stream goes on', async () => {
    const attempts: Array<[unknown, number, boolean]> = [];
    const { clock, kinds, stream } = run((exchange) => exchange.write(open(0) + event(1) + event(2)), {
      handlerFailure: { attempts: 3 },
      onEvent: async ({ data, attempt, redelivery }: StreamEvent) => {
        attempts.push([data, attempt, redelivery]);
        if (data === 1) throw new Error('no');
      },
    });
    await clock.advance(5000);
    expect(attempts).toEqual([
      [1, 1, false],
      [1, 2, true],
      [1, 3, true],
      [2, 1, false],
    ]);
    expect(kinds('dead-letter')).toHaveLength(1);
    expect(stream.stats().cursor).toBe(`${EPOCH}.2`);
  });

  it('can stop the client, with the cursor before the event that failed', async () => {
    const { clock, stream } = run((exchange) => exchange.write(open(0) + event(1) + event(2)), {
      handlerFailure: { otherwise: 'stop' },
      onEvent: ({ data }: StreamEvent) => {
        if (data === 2) throw new Error('stop here');
      },
    });
    await clock.advance(0);
    expect(await stream.closed).toMatchObject({ type: 'failed', error: new Error('stop here') });
    expect(stream.stats().cursor).toBe(`${EPOCH}.1`);
  });

  it('run several at a time, in order per key, and the cursor passes nothing unfinished', async () => {
    const log: string[] = [];
    const finish = new Map<number, () => void>();
    const { clock, stream } = run(
      (exchange) =>
        exchange.write(
          open(0) +
            event(1, { key: 'a', n: 1 }) +
            event(2, { key: 'b', n: 2 }) +
            event(3, { key: 'a', n: 3 }),
        ),
      {
        concurrency: { limit: 2, key: ({ data }) => (data as { key: string }).key },
        onEvent: ({ data }: StreamEvent) => {
          const { n } = data as { n: number };
          log.push(`start ${n}`);
          return new Promise<void>((resolve) => finish.set(n, resolve));
        },
      },
    );
    await clock.advance(0);
    expect(log).toEqual(['start 1', 'start 2']);
    finish.get(2)?.();
    await clock.advance(0);
    expect([log.length, stream.stats().cursor]).toEqual([2, `${EPOCH}.0`]);
    finish.get(1)?.();
    await clock.advance(0);
    expect([log[2], stream.stats().cursor]).toEqual(['start 3', `${EPOCH}.2`]);
    finish.get(3)?.();
    await clock.advance(0);
    expect(stream.stats().cursor).toBe(`${EPOCH}.3`);
  });

  it('leave the cursor to the application when it commits by hand', async () => {
    const { clock, network, seen, stream } = run(
      (exchange) =>
        exchange.write(exchange.number === 1 ? open(0) + event(1) + event(2) : open(1, 'ok') + event(2)),
      { commit: 'manual' },
    );
    await clock.advance(0);
    stream.commit(`${EPOCH}.1`);
    stream.reconnect();
    await clock.advance(0);
    expect(network.exchanges[1]?.request.headers['last-event-id']).toBe(`${EPOCH}.1`);
    expect(seen).toEqual([1, 2, 2]);
  });

  it('stop the reading while they are busy', async () => {
    let finish: () => void = () => undefined;
    const { clock, network } = run((exchange) => exchange.write(open(0) + event(1)), {
      onEvent: () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    });
    await clock.advance(0);
    expect(network.exchanges[0]?.waiting).toBe(0);
    finish();
    await clock.advance(0);
    expect(network.exchanges[0]?.waiting).toBe(1);
  });
});

describe('payloads', () => {
  it.each([
    ['zod', z.object({ n: z.number() })],
    ['valibot', v.object({ n: v.number() })],
  ])('are validated by %s, and what fails is reported and not handed over', async (_name, schema) => {
    const { clock, seen, kinds } = run(
      (exchange) =>
        exchange.write(open(0) + event(1, { n: 1, extra: true }) + event(2, { n: 'x' }) + event(3, { n: 3 })),
      { schemas: { message: schema } },
    );
    await clock.advance(0);
    expect(seen).toEqual([{ n: 1 }, { n: 3 }]);
    expect(kinds('dead-letter')).toMatchObject([{ reason: 'validation', error: { code: 'ERR_VALIDATION' } }]);
  });

  it('that are broken are reported, the rest unharmed', async () => {
    const { clock, seen, kinds } = run((exchange) =>
      exchange.write(`${open(0)}${event(1)}id: ${EPOCH}.2\ndata: {"broken\n\n${event(3)}`),
    );
    await clock.advance(0);
    expect(seen).toEqual([1, 3]);
    expect(kinds('dead-letter')).toMatchObject([{ error: { code: 'ERR_ENVELOPE_JSON' } }]);
  });
});

describe('opaque ids', () => {
  it('are remembered in a window, which a store keeps with the cursor', async () => {
    const store = memoryCursorStore();
    const first = run((exchange) => exchange.write(opaque('a') + opaque('b') + opaque('a')), { store });
    await first.clock.advance(0);
    await first.stream.close();
    expect(first.seen).toEqual(['a', 'b']);
    const second = run((exchange) => exchange.write(opaque('b') + opaque('c')), { store });
    await second.clock.advance(0);
    expect(second.network.exchanges[0]?.request.headers['last-event-id']).toBe('b');
    expect([second.seen, second.kinds('duplicate').length]).toEqual([['c'], 1]);
  });

  it.each([
    ['buffer', ['1', '2', '3'], ['1', '2', '3'], 0],
    ['drop', ['2', '3'], [], 1],
    ['deliver', ['2', '1', '3'], [], 1],
  ] as const)(
    'that are numbers can give the order: late ones %s',
    async (late, afterwards, held, reports) => {
      const { clock, seen, kinds } = run(
        (exchange) => exchange.write(opaque('2') + opaque('1') + opaque('3')),
        {
          order: { by: 'id', late, bufferMs: 100 },
        },
      );
      await clock.advance(0);
      expect(seen.length).toBe(held.length > 0 ? 0 : afterwards.length);
      await clock.advance(100);
      expect(seen).toEqual(afterwards);
      expect(kinds('out-of-order')).toHaveLength(reports);
    },
  );
});

describe('a server that cannot resume', () => {
  const gap = (exchange: MemoryExchange): void => {
    const resumed = exchange.request.headers['last-event-id'];
    if (resumed === `${EPOCH}.1`) {
      exchange.write(
        `${encodeStreamOpen({ stream: 's', epoch: EPOCH, head: 9, oldest: 6, resume: 'gap', heartbeatMs: 0, connection: 'c', protocol: 1 }, at(5))}` +
          `id: ${EPOCH}.5\nevent: stream.cannot-resume\ndata: ${JSON.stringify({ reason: 'expired', requested: `${EPOCH}.1`, from: `${EPOCH}.5`, missed: 4 })}\n\n${event(6)}`,
      );
    } else
      exchange.write(
        open(Number(resumed?.split('.')[1] ?? 9), 'ok') + event(Number(resumed?.split('.')[1]) + 1),
      );
  };
  it.each<[string, ConnectOptions['cannotResume'], unknown[]]>([
    ['goes on with what is left', undefined, [6]],
    ['starts fresh', 'start-fresh', [10]],
    ['goes on after a snapshot', async () => ({ cursor: `${EPOCH}.7` }), [8]],
    ['goes on with what is left when the snapshot fails', () => Promise.reject(new Error('no')), [6]],
  ])('%s', async (_what, cannotResume, expected) => {
    const { clock, seen, kinds } = run(gap, {
      from: `${EPOCH}.1`,
      ...(cannotResume ? { cannotResume } : {}),
    });
    await clock.advance(10);
    expect(seen).toEqual(expected);
    expect(kinds('cannot-resume')).toMatchObject([{ reason: 'expired', missed: 4 }]);
  });

  it('ends the client when told to', async () => {
    const { clock, stream } = run(gap, { from: `${EPOCH}.1`, cannotResume: 'close' });
    await clock.advance(10);
    expect(await stream.closed).toEqual({ type: 'closed', cause: 'cannot-resume: expired' });
  });
});
