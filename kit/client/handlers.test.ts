import { describe, expect, it } from 'vitest';
import type { MemoryExchange, VirtualClock } from '../testing/index.ts';
import { type ConnectOptions, memoryCursorStore, type StreamEvent } from './index.ts';
import { EPOCH, event, opaque, open, run } from './one-stream.fixture.ts';

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

  it('fail as any handler when their key cannot be told, and hold up nothing', async () => {
    const { clock, seen, kinds, stream } = run(
      (exchange) => {
        exchange.write(
          exchange.number === 1
            ? `${open(0)}${event(1)}id: ${EPOCH}.2\ndata: {"broken\n\n${event(3)}`
            : open(3, 'ok') + event(4),
        );
        if (exchange.number === 1) exchange.end();
      },
      { concurrency: { limit: 2, key: ({ data }) => String(data) } },
    );
    await clock.advance(5000);
    expect(seen).toEqual([1, 3, 4]);
    expect(kinds('dead-letter')).toMatchObject([{ reason: 'handler', error: { code: 'ERR_ENVELOPE_JSON' } }]);
    expect(stream.stats().cursor).toBe(`${EPOCH}.4`);
  });

  it('whose key cannot be told wait for their turn and for another attempt, in which the key is asked for again', async () => {
    const log: string[] = [];
    let asked = 0;
    const { clock, stream, kinds } = run((exchange) => exchange.write(open(0) + event(1) + event(2)), {
      concurrency: {
        limit: 1,
        key: ({ data }) => {
          if (data === 2 && ++asked < 3) throw new Error(`no key ${asked}`);
          return '';
        },
      },
      handlerFailure: { attempts: 3 },
      onEvent: async ({ data }: StreamEvent) => {
        log.push(`begin ${data}`);
        await new Promise<void>((resolve) => clock.setTimeout(resolve, 10));
        log.push(`end ${data}`);
      },
    });
    await clock.advance(0);
    expect([log, kinds('handler-failed')]).toEqual([['begin 1'], []]);
    await clock.advance(5000);
    expect(kinds('handler-failed').map(({ error }) => error)).toEqual([
      new Error('no key 1'),
      new Error('no key 2'),
    ]);
    expect([log, stream.stats().cursor]).toEqual([['begin 1', 'end 1', 'begin 2', 'end 2'], `${EPOCH}.2`]);
  });

  it('are not called again once the client is closed, whatever wait they were in', async () => {
    const seen: unknown[] = [];
    const { clock, stream, kinds } = run((exchange) => exchange.write(open(0) + event(1) + event(2)), {
      handlerFailure: { attempts: 3, baseMs: 8000 },
      onEvent: ({ data }: StreamEvent) => {
        seen.push(data);
        throw new Error('no');
      },
    });
    await clock.advance(0);
    expect(await stream.close()).toMatchObject({ type: 'closed' });
    expect([clock.pending, kinds('dead-letter'), stream.stats().cursor]).toEqual([0, [], `${EPOCH}.0`]);
    await clock.advance(20_000);
    expect(seen).toEqual([1]);
  });

  it('run several at a time: none again after reconnect(), but after close() those behind one that was dropped', async () => {
    /** Events 1 and 3 are of the slow key, 2 and 4 of the quick one: those are done first. */
    const options = (log: number[], timer: () => VirtualClock): ConnectOptions => ({
      concurrency: { limit: 4, key: ({ data }) => (Number(data) % 2 ? 'a' : 'b') },
      onEvent: ({ data }: StreamEvent) => {
        const done = () => void log.push(Number(data));
        if (Number(data) % 2 === 0) return done();
        return new Promise<void>((resolve) => timer().setTimeout(() => resolve(done()), 100));
      },
    });
    const serve = (exchange: MemoryExchange): void => {
      const after = Number(exchange.request.headers['last-event-id']?.split('.')[1] ?? 0);
      exchange.write(
        open(after, after ? 'ok' : 'fresh') +
          [1, 2, 3, 4]
            .filter((n) => n > after)
            .map((n) => event(n))
            .join(''),
      );
    };
    const reconnected: number[] = [];
    const first = run(
      serve,
      options(reconnected, () => first.clock),
    );
    await first.clock.advance(50);
    first.stream.reconnect();
    await first.clock.advance(1000);
    expect(reconnected).toEqual([2, 4, 1, 3]);

    const closed: number[] = [];
    const second = run(
      serve,
      options(closed, () => second.clock),
    );
    await second.clock.advance(50);
    void second.stream.close();
    second.stream.reconnect();
    await second.clock.advance(1000);
    // 1 ran and finished; 3 had not begun, so 4 is behind it.
    expect([closed, second.stream.stats().cursor]).toEqual([[2, 4, 1, 4, 3], `${EPOCH}.4`]);
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

  it('get what was not committed by hand again, where ids are opaque, too: after a reconnect and a restart', async () => {
    const store = memoryCursorStore();
    const serve = (exchange: MemoryExchange): void =>
      exchange.write(['a', 'b', 'c', 'b'].map(opaque).join(''));
    const first = run(serve, { commit: 'manual', store });
    await first.clock.advance(0);
    expect(first.seen).toEqual(['a', 'b', 'c']);
    first.stream.commit('b');
    first.stream.reconnect();
    await first.clock.advance(0);
    expect(first.seen).toEqual(['a', 'b', 'c', 'c']);
    await first.stream.close();
    const second = run(serve, { commit: 'manual', store });
    await second.clock.advance(0);
    expect(second.seen).toEqual(['c']);
  });

  it('get nothing again that was committed by hand, however much came afterwards that was not', async () => {
    const { clock, seen, stream } = run(
      (exchange) =>
        exchange.write((exchange.number === 1 ? ['a'] : ['a', 'b', 'c', 'd']).map(opaque).join('')),
      { commit: 'manual', dedupe: { size: 2 } },
    );
    await clock.advance(0);
    stream.commit('a');
    for (let again = 0; again < 2; again++) {
      stream.reconnect();
      await clock.advance(0);
    }
    expect(seen).toEqual(['a', 'b', 'c', 'd', 'b', 'c', 'd']);
  });

  it('get nothing again that they committed by hand themselves, where ids are opaque', async () => {
    const store = memoryCursorStore();
    const serve = (exchange: MemoryExchange): void => exchange.write(['a', 'b'].map(opaque).join(''));
    const first = run(serve, {
      commit: 'manual',
      store,
      async onEvent({ id }) {
        first.seen.push(id);
        await null;
        first.stream.commit(id ?? '');
      },
    });
    await first.clock.advance(0);
    first.stream.reconnect();
    await first.clock.advance(0);
    expect(first.seen).toEqual(['a', 'b']);
    await first.stream.close();
    const second = run(serve, { commit: 'manual', store });
    await second.clock.advance(0);
    expect(second.seen).toEqual([]);
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
