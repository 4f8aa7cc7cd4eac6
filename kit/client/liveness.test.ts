import { describe, expect, it } from 'vitest';
import { encodeHeartbeat, encodeHeartbeatEvent } from '../protocol/heartbeat.ts';
import type { VirtualClock } from '../testing/index.ts';
import { at, event, open, run } from './one-stream.fixture.ts';

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

  it('takes a heartbeat that comes as an event for what it is, and for nothing else', async () => {
    const { clock, kinds } = run((exchange) =>
      exchange.write(open(0) + encodeHeartbeatEvent({ head: at(0), unixMs: 1 })),
    );
    await clock.advance(0);
    expect(kinds('heartbeat')).toMatchObject([{ head: `${at(0).epoch}.0`, lagEvents: 0, serverUnixMs: 1 }]);
    expect(kinds('control').map(({ frame }) => frame.type)).toEqual(['stream.open']);
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
  it.each(['wake', 'restore'] as const)(
    'that is seen again keeps a connection that is not silent too long (%s, as on every load)',
    async (name) => {
      const { clock, network, signal, kinds } = run((exchange) => exchange.write(open(0)));
      await clock.advance(3000);
      signal(name);
      await clock.advance(11_000);
      expect([network.exchanges.length, kinds('liveness')]).toEqual([1, []]);
      await clock.advance(1000);
      expect(kinds('liveness')).toMatchObject([{ cause: 'no-bytes', silentMs: 15_000 }]);
    },
  );

  it('that slept is noticed when it wakes, though its timers stood still', async () => {
    const { clock, network, signal, kinds } = run((exchange) => exchange.write(open(0)));
    await clock.advance(1000);
    clock.jumpWall(3_600_000);
    signal('wake');
    signal('wake');
    await clock.advance(1000);
    expect(kinds('liveness')).toMatchObject([{ cause: 'sleep' }]);
    await clock.advance(1000);
    expect(network.exchanges).toHaveLength(2);
  });

  it('whose network was gone trusts a connection only when it says something', async () => {
    const { clock, signal, kinds } = run((exchange) => exchange.write(open(0)));
    await clock.advance(1000);
    signal('online');
    await clock.advance(1000);
    expect(kinds('liveness')).toHaveLength(1);
  });

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

  it('says why it waits when it is back before the server wants it', async () => {
    const { clock, signal, kinds } = run((exchange) => exchange.respond(503, { 'retry-after': '60' }));
    await clock.advance(0);
    signal('suspend');
    await clock.advance(10_000);
    signal('restore');
    expect(kinds('retry').map(({ cause }) => cause)).toEqual(['status', 'restore']);
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
