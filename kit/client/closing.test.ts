import { getEventListeners } from 'node:events';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { encodeStreamOpen } from '../protocol/control.ts';
import type { ConnectOptions } from './index.ts';
import { virtualClient } from './virtual.fixture.ts';

const EPOCH = 'epoch-0001';
const event = (seq: number) => `id: ${EPOCH}.${seq}\ndata: ${seq}\n\n`;
const opening = encodeStreamOpen(
  {
    stream: 's',
    epoch: EPOCH,
    head: 0,
    oldest: 1,
    resume: 'fresh',
    heartbeatMs: 0,
    connection: 'c',
    protocol: 1,
  },
  { epoch: EPOCH, seq: 0 },
);

describe('a callback that changes the state of its client', () => {
  it('closes it on the way to waiting: no retry is armed or announced', async () => {
    const { clock, stream, kinds, network } = virtualClient((exchange) => exchange.fail(), {
      onStateChange: ({ to }) => {
        if (to === 'waiting') void stream.close();
      },
    });
    await clock.advance(0);
    expect(await stream.closed).toEqual({ type: 'closed', cause: 'close()' });
    expect([clock.pending, kinds('state').at(-1)?.to]).toEqual([0, 'closed']);
    await clock.advance(60_000);
    expect(network.exchanges).toHaveLength(1);
  });

  it('connects at once on the way to waiting: the retry that was due does not cut a later wait short', async () => {
    let asked = false;
    const { clock, network, stream } = virtualClient((exchange) => exchange.fail(), {
      retry: { baseMs: 1000, maxMs: 1000, jitter: 0 },
      onStateChange: ({ to }) => {
        if (to !== 'waiting' || asked) return;
        asked = true;
        stream.reconnect();
      },
    });
    await clock.advance(0);
    expect(network.exchanges).toHaveLength(2);
    expect(clock.pending).toBe(1);
    await clock.advance(1000);
    expect(network.exchanges).toHaveLength(3);
  });

  it('connects again on the way to closed: what was closed is told so, and the new one lives', async () => {
    const { clock, network, stream, kinds } = virtualClient(
      (exchange) => (exchange.number === 1 ? exchange.respond(404) : exchange.write(opening + event(1))),
      {
        onStateChange: ({ to }) => {
          if (to === 'closed' && network.exchanges.length === 1) stream.reconnect();
        },
      },
    );
    const { closed } = stream;
    await clock.advance(10);
    expect(await closed).toMatchObject({ type: 'gave-up', why: 'final' });
    expect([stream.state, stream.stats().processed, kinds('closed').length]).toEqual(['open', 1, 1]);
  });
});

describe('close()', () => {
  it('gives the promise of what it closed, also when a callback connects anew on the way', async () => {
    const { clock, stream } = virtualClient((exchange) => exchange.write(opening), {
      onStateChange: ({ to }) => {
        if (to === 'closed' && stream.stats().attempts === 1) stream.reconnect();
      },
    });
    await clock.advance(0);
    const closing = stream.close();
    await clock.advance(0);
    expect(stream.state).toBe('open');
    expect(await Promise.race([closing, clock.advance(10).then(() => 'never')])).toEqual({
      type: 'closed',
      cause: 'close()',
    });
  });
});

describe('a callback that hears of the end of a connection', () => {
  it.each(['onDisconnect', 'onError'] as const)(
    '%s connects at once: one connection, and no retry beside it',
    async (name) => {
      const { clock, network, stream } = virtualClient(
        (exchange) => (exchange.number === 1 ? exchange.fail() : exchange.write(opening)),
        {
          [name]: () => {
            if (network.exchanges.length === 1) stream.reconnect();
          },
        },
      );
      await clock.advance(60_000);
      expect([network.exchanges.length, stream.state, clock.pending]).toEqual([2, 'open', 0]);
    },
  );

  it('is not in the way of the next attempt when the retry policy throws', async () => {
    const { clock, network, kinds } = virtualClient((exchange) => exchange.fail(), {
      retry: {
        baseMs: 100,
        maxMs: 100,
        decide: () => {
          throw new Error('no idea');
        },
      },
      onError: () => undefined,
    });
    await clock.advance(1000);
    expect(network.exchanges.length).toBeGreaterThan(5);
    expect(kinds('error').some(({ code }) => code === 'ERR_CALLBACK')).toBe(true);
  });
});

describe('a callback that is asynchronous', () => {
  it.each([
    ['a promise', Promise],
    ['one of another make', runInNewContext('Promise') as PromiseConstructor],
  ])('and rejects is reported as one that throws, and ends no process (%s)', async (_make, make) => {
    const { clock, kinds, stream } = virtualClient((exchange) => exchange.write(opening + event(1)), {
      onOpen: () => make.reject(new Error('later')),
      onError: () => undefined,
    });
    await clock.advance(0);
    expect(kinds('error')).toMatchObject([
      { code: 'ERR_CALLBACK', message: expect.stringContaining('later') },
    ]);
    expect(stream.stats().processed).toBe(1);
  });
});

describe('closing and connecting anew within a callback', () => {
  it('passes by no event that was still waiting for its handler', async () => {
    const seen: number[] = [];
    const { clock, stream } = virtualClient(
      (exchange) =>
        exchange.write(
          exchange.number === 1 ? opening + event(1) + event(2) + event(5) : event(2) + event(5),
        ),
      {
        order: { late: 'drop' },
        onEvent: ({ data }) =>
          new Promise<void>((resolve) => clock.setTimeout(() => resolve(void seen.push(Number(data))), 10)),
        onGap: () => {
          if (seen.length > 0) return;
          void stream.close();
          stream.reconnect();
        },
      },
    );
    await clock.advance(1000);
    expect(seen).toEqual([1, 2, 5]);
  });
});

describe('an iteration', () => {
  const pulled = { onEvent: undefined } as unknown as ConnectOptions;

  it('that is closed and connects anew gets the event it did not finish again', async () => {
    const { clock, stream, kinds } = virtualClient((exchange) => exchange.write(opening + event(1)), pulled);
    const first = stream[Symbol.asyncIterator]();
    expect(await first.next()).toMatchObject({ value: { data: 1 } });
    void stream.close();
    stream.reconnect();
    await clock.advance(10);
    expect([kinds('dead-letter'), kinds('handler-failed'), stream.stats().cursor]).toEqual([
      [],
      [],
      `${EPOCH}.0`,
    ]);
    expect(await first.next()).toMatchObject({ value: { data: 1 } });
  });

  it('that is asked for several events at once gives them one by one, and an end to each', async () => {
    const { clock, stream } = virtualClient(
      (exchange) => exchange.write(opening + event(1) + event(2)),
      pulled,
    );
    const events = stream[Symbol.asyncIterator]();
    const got: unknown[] = [];
    for (let n = 0; n < 4; n++)
      void events.next().then(({ done, value }) => got.push(done ? 'end' : value.data));
    await clock.advance(10);
    expect(got).toEqual([1, 2]);
    void stream.close();
    await clock.advance(10);
    expect([got, stream.stats().cursor]).toEqual([[1, 2, 'end', 'end'], `${EPOCH}.2`]);
  });

  it('goes on after giving up, once the client connects again', async () => {
    const { clock, stream } = virtualClient(
      (exchange) => (exchange.number === 1 ? exchange.respond(404) : exchange.write(opening + event(1))),
      pulled,
    );
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'ERR_GAVE_UP' });
    stream.reconnect();
    const next = stream[Symbol.asyncIterator]().next();
    await clock.advance(10);
    expect(await next).toMatchObject({ done: false, value: { data: 1 } });
  });
});

describe('an abort signal', () => {
  it('closes the client also after it gave up and connected again', async () => {
    const controller = new AbortController();
    const { clock, network, stream } = virtualClient(
      (exchange) => (exchange.number === 1 ? exchange.respond(404) : exchange.write(opening)),
      { signal: controller.signal },
    );
    await clock.advance(0);
    stream.reconnect();
    await clock.advance(10);
    expect(stream.state).toBe('open');
    controller.abort();
    await clock.advance(0);
    expect(await stream.closed).toEqual({ type: 'closed', cause: 'aborted' });
    expect(network.exchanges[1]?.aborted).toBe(true);
  });

  it.each(['start', 'reconnect'])(
    'that a callback aborts on the way to connecting is heard (%s)',
    async (cause) => {
      const controller = new AbortController();
      const { clock, stream } = virtualClient((exchange) => exchange.respond(404), {
        signal: controller.signal,
        onStateChange: (fact) => {
          if (fact.cause === cause) controller.abort();
        },
      });
      await clock.advance(0);
      if (cause === 'reconnect') stream.reconnect();
      await clock.advance(0);
      expect(await stream.closed).toEqual({ type: 'closed', cause: 'aborted' });
      expect([stream.state, getEventListeners(controller.signal, 'abort').length]).toEqual(['closed', 0]);
    },
  );

  it('that outlives the client does not hold it', async () => {
    const { signal } = new AbortController();
    const { clock, stream } = virtualClient((exchange) => exchange.write(opening), { signal });
    const listeners = (): number => getEventListeners(signal, 'abort').length;
    const before = listeners();
    stream.reconnect();
    await clock.advance(0);
    const during = listeners();
    await stream.close();
    expect([before, during, listeners()]).toEqual([1, 1, 0]);
  });
});

describe('closing while a handler never finishes', () => {
  it('is over after ten seconds, and says what it did not wait for', async () => {
    const { clock, stream, kinds } = virtualClient((exchange) => exchange.write(opening + event(1)), {
      onEvent: () => new Promise(() => undefined),
    });
    await clock.advance(0);
    let reason: unknown = null;
    void stream.close().then((why) => {
      reason = why;
    });
    await clock.advance(9999);
    expect(reason).toBeNull();
    await clock.advance(1);
    expect(reason).toEqual({ type: 'closed', cause: 'close()' });
    expect(kinds('error')).toMatchObject([{ code: 'ERR_CLOSE_TIMEOUT' }]);
    expect([kinds('closed').length, clock.pending, stream.stats().cursor]).toEqual([1, 0, `${EPOCH}.0`]);
  });

  it('bounds a store that never answers as well', async () => {
    const { clock, stream, kinds } = virtualClient((exchange) => exchange.write(opening + event(1)), {
      store: { load: () => null, save: () => new Promise(() => undefined) },
    });
    await clock.advance(0);
    const closing = stream.close();
    await clock.advance(10_000);
    expect(await closing).toMatchObject({ type: 'closed' });
    expect(kinds('error')).toMatchObject([{ code: 'ERR_CLOSE_TIMEOUT' }]);
  });

  it('saves with the next change after a store that throws at once, as one that is full does', async () => {
    const saved: unknown[] = [];
    const { clock, stream, kinds, network } = virtualClient(
      (exchange) => exchange.write(opening + event(1)),
      {
        store: {
          load: () => null,
          save(_key, { cursor }) {
            if (kinds('error').length === 0) throw new Error('full');
            saved.push(cursor);
          },
        },
      },
    );
    await clock.advance(0);
    network.exchanges[0]?.write(event(2));
    await clock.advance(0);
    expect(await stream.close()).toMatchObject({ type: 'closed' });
    expect(kinds('error')).toMatchObject([{ code: 'ERR_CURSOR_STORE' }]);
    expect(saved.at(-1)).toBe(`${EPOCH}.2`);
  });

  it('waits for one that finishes in time, and leaves no timer', async () => {
    const { clock, stream, kinds } = virtualClient((exchange) => exchange.write(opening + event(1)), {
      onEvent: () => new Promise<void>((resolve) => clock.setTimeout(resolve, 3000)),
    });
    await clock.advance(0);
    const closing = stream.close();
    await clock.advance(3000);
    expect(await closing).toMatchObject({ type: 'closed' });
    expect([kinds('error'), clock.pending, stream.stats().cursor]).toEqual([[], 0, `${EPOCH}.1`]);
  });
});

describe.each([
  ['called while events are read', undefined],
  ['called when the one before has finished', Promise.resolve()],
])('a handler that closes its client, %s', (_when, first) => {
  /** Closes with the second event of three. @returns what was told by then, in order, after so many milliseconds. */
  async function story(
    closing: (client: ReturnType<typeof virtualClient>, say: (what: string) => void) => unknown,
    ms: number,
  ): Promise<string[]> {
    const told: string[] = [];
    const say = (what: string) => void told.push(what);
    const client = virtualClient((exchange) => exchange.write(opening + event(1) + event(2) + event(3)), {
      onEvent: ({ data }) => (data === 1 ? first : closing(client, say)),
      onError: ({ code }) => say(code),
      store: {
        load: () => null,
        async save(_key, { cursor }) {
          await pause(client, 5);
          say(`saved ${cursor}`);
        },
      },
    });
    void client.stream.closed.then(() => say('closed'));
    await client.clock.advance(ms);
    return told.filter((what) => !what.endsWith('.0') && !what.endsWith('.1'));
  }
  const pause = ({ clock }: ReturnType<typeof virtualClient>, ms: number) =>
    new Promise<void>((resolve) => clock.setTimeout(resolve, ms));
  const saved = `saved ${EPOCH}.2`;

  it('is waited for, whatever it does after that', async () => {
    const told = await story(async (client, say) => {
      void client.stream.close();
      await pause(client, 1000);
      say('handled');
    }, 2000);
    expect(told).toEqual(['handled', saved, 'closed']);
  });

  it('may wait for close(): for all but itself', async () => {
    const told = await story(async ({ stream }, say) => {
      expect(await stream.close()).toEqual({ type: 'closed', cause: 'close()' });
      say('handled');
    }, 100);
    expect(told).toEqual(['handled', saved, 'closed']);
  });

  it('gives others a promise of the end when it has nothing to wait for', async () => {
    const told = await story(({ stream }, say) => void stream.close().then(() => say('over')), 100);
    expect(told).toEqual([saved, 'closed', 'over']);
  });

  it('waits for itself when it waits for `closed`: for ten seconds, and is told so', async () => {
    const told = await story(async ({ stream }, say) => {
      void stream.close();
      await stream.closed;
      say('handled');
    }, 10_100);
    expect(told).toEqual(['ERR_CLOSE_TIMEOUT', 'closed', 'handled', saved]);
  });
});
