import { describe, expect, it } from 'vitest';
import { encodeStreamOpen } from '../protocol/control.ts';
import { createRetryBudget } from './index.ts';
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

describe('delays in facts', () => {
  it('are whole milliseconds, whatever the jitter', async () => {
    const budget = createRetryBudget({ attempts: 3, perMs: 10_001 });
    const { clock, kinds } = virtualClient((exchange) => exchange.fail(), {
      budget,
      retry: { baseMs: 1000, maxMs: 8000 },
    });
    await clock.advance(60_000);
    const delays = kinds('retry').flatMap(({ delayMs, floorMs }) => [delayMs, floorMs]);
    expect(kinds('retry').map(({ cause }) => cause)).toEqual(expect.arrayContaining(['network', 'budget']));
    expect(delays.filter((ms) => !Number.isInteger(ms))).toEqual([]);
  });
});
