import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../testing/virtual-clock.ts';
import type { Clock } from './clock.ts';
import {
  createEventStream,
  type EventStream,
  type EventStreamOptions,
  type StreamEndpoint,
} from './event-stream.ts';
import type { ServerFact } from './facts.ts';
import { createStreamHub, type StreamHub } from './hub.ts';
import { createMemoryLog } from './memory-log.ts';
import { connect, type FakeClient } from './testing/fake-request.ts';
import { createSlowLog } from './testing/slow-log.ts';

/** Writing to a connection takes this much of the clock's time. */
const WRITE_MS = 0.125;
const CROWD = 64;
const FLUSH_MS = CROWD * WRITE_MS;

describe('the fan-out to a crowd, where a write takes time', () => {
  let clock: VirtualClock;
  let stream: EventStream;
  let writes: number;

  beforeEach(() => {
    clock = new VirtualClock();
    writes = 0;
    stream = open();
  });

  afterEach(async () => {
    await stream.close();
    await clock.advance(0);
    expect(clock.pending, 'timers left').toBe(0);
  });

  const busy: Clock = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic() + writes * WRITE_MS,
    setTimeout: (callback, delayMs) => clock.setTimeout(callback, delayMs),
  };

  function open(options: EventStreamOptions = {}): EventStream {
    return createEventStream({ name: 's', clock: busy, random: () => 0.5, ...options });
  }

  async function crowd(size = CROWD): Promise<FakeClient[]> {
    return Promise.all(Array.from({ length: size }, () => busyClient(stream)));
  }

  async function busyClient(endpoint: StreamEndpoint, room?: number): Promise<FakeClient> {
    const client = await connect(endpoint, room === undefined ? {} : { room });
    const write = client.write.bind(client);
    client.write = (block) => {
      writes += 1;
      return write(block);
    };
    return client;
  }

  const publish = async (count: number) => {
    for (let n = 0; n < count; n++) await stream.publish('tick', n);
    await Promise.resolve();
  };
  const received = (clients: readonly FakeClient[]) => [...new Set(clients.map(({ ids }) => ids.length))];

  it('writes the first publication at once, and those that come right after it together', async () => {
    const clients = await crowd();
    await publish(1);
    expect(received(clients)).toEqual([1]);
    const before = writes;
    await publish(3);
    expect(received(clients)).toEqual([1]);
    await clock.advance(FLUSH_MS - 1);
    expect(received(clients)).toEqual([1]);
    await clock.advance(1);
    expect(received(clients)).toEqual([4]);
    expect(writes - before).toBe(CROWD);
  });

  it('lets no publication wait that leaves the loop idle half of the time', async () => {
    const clients = await crowd();
    for (let n = 1; n <= 10; n++) {
      await publish(1);
      expect(received(clients)).toEqual([n]);
      await clock.advance(FLUSH_MS);
    }
  });

  it('holds nothing for longer than 10 ms, however large the crowd is', async () => {
    const clients = await crowd(10 * CROWD);
    await publish(1);
    await publish(1);
    await clock.advance(10);
    expect(received(clients)).toEqual([2]);
  });

  it('does not wait for a few readers', async () => {
    const clients = await crowd(31);
    for (let n = 1; n <= 10; n++) {
      await publish(1);
      expect(received(clients)).toEqual([n]);
    }
  });

  it('writes what is held before the responses end', async () => {
    const clients = await crowd();
    await publish(1);
    await publish(3);
    expect(received(clients)).toEqual([1]);
    const drained = stream.drain({ withinMs: 1000 });
    await clock.advance(1000);
    await drained;
    expect(received(clients)).toEqual([4]);
    expect(clients.every(({ state }) => state === 'ended')).toBe(true);
  });

  it('writes what is held before the responses are cut', async () => {
    const clients = await crowd();
    await publish(1);
    await publish(3);
    await stream.close();
    expect(received(clients)).toEqual([4]);
  });

  it('writes what is held when somebody joins, who gets nothing twice', async () => {
    const clients = await crowd();
    await publish(1);
    await publish(3);
    const late = await connect(stream, { cursor: clients[0]?.ids[0] ?? '' });
    expect(received([...clients, late])).toEqual([4, 3]);
    await publish(1);
    await clock.advance(10);
    expect(received(clients)).toEqual([5]);
    expect(late.ids).toHaveLength(4);
  });

  it('heartbeats name what was written, never what is held', async () => {
    await stream.close();
    stream = open({ heartbeatMs: 10 });
    const clients = await crowd();
    await clock.advance(4); // the timer of the heartbeats is due in the middle of what is held
    await publish(1);
    await publish(3);
    await clock.advance(2);
    for (const { comments, ids } of clients) {
      expect(ids).toHaveLength(1);
      expect(comments.at(-1)).toMatch(/^\s?hb \S+\.1 /);
    }
    await clock.advance(10);
    expect(received(clients)).toEqual([4]);
  });

  it('holds nothing for so long that it falls out of the log, not even where no timer can run', async () => {
    for (const maxEvents of [1, 2, 3, 100]) {
      await stream.close();
      stream = open({ log: createMemoryLog({ maxEvents }) });
      const clients = await crowd();
      await publish(500);
      await clock.advance(10);
      expect(received(clients)).toEqual([500]);
      expect(clients.flatMap((client) => client.control('stream.cannot-resume'))).toEqual([]);
    }
  });

  it('holds nothing for longer than 10 ms from a publisher that lets no timer run', async () => {
    const clients = await crowd();
    await publish(1);
    for (let n = 0; n < 20; n++) {
      writes += 8; // a millisecond of its work
      await publish(1);
    }
    expect(clients[0]?.ids.length).toBeGreaterThan(10);
    await clock.advance(10);
    expect(received(clients)).toEqual([21]);
  });

  it.each([
    [
      'their streams end',
      async (hub: StreamHub) => Promise.all(['a', 'b'].map((key) => hub.stream(key).end())),
    ],
    ['they are drained', (hub: StreamHub) => hub.drain({ withinMs: 100 })],
    ['they are cut', (hub: StreamHub) => hub.close()],
    ['their time is over', async () => clock.advance(1_000)],
  ])(
    'facts are what was written, with one stream or several, slow or fast, when %s meanwhile',
    async (_, end) => {
      const facts: ServerFact[] = [];
      const expiresUnixMs = clock.now() + 500;
      const hub = createStreamHub({
        clock: busy,
        random: () => 0.5,
        authorize: () => ({ allow: true, expiresUnixMs }),
        observe: (fact) => facts.push(fact),
      });
      const clients: FakeClient[] = [];
      for (let n = 0; n < CROWD; n++) {
        const endpoint = n % 4 === 0 ? hub.streams(['a', 'b']) : hub.stream('a');
        clients.push(await busyClient(endpoint, n % 8 === 1 ? 2 : undefined));
      }
      for (let n = 0; n < 3; n++) {
        await hub.stream('a').publish('tick', n);
        await Promise.resolve();
      }
      const ticks = () => clients.map(({ frames }) => frames.filter(({ event }) => event === 'tick').length);
      expect(new Set(ticks())).toEqual(new Set([1]));
      const ended = end(hub);
      await clock.advance(1_000);
      await ended;
      await hub.close();
      await clock.advance(0);
      expect(new Set(ticks())).toEqual(new Set([1, 3]));
      const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
      const closed = facts.flatMap((fact) => (fact.kind === 'connection-closed' ? [fact] : []));
      const delivered = facts.flatMap((fact) => (fact.kind === 'delivered' ? [fact] : []));
      expect(closed).toHaveLength(CROWD);
      expect(sum(closed.map(({ events }) => events))).toBe(sum(ticks()));
      expect(sum(closed.map(({ bytes }) => bytes))).toBe(sum(clients.map(({ bytes }) => bytes)));
      expect(sum(delivered.map(({ events, connections }) => events * connections))).toBe(sum(ticks()));
    },
  );

  it('leaves no timer when the crowd goes away meanwhile', async () => {
    const clients = await crowd();
    await publish(1);
    await publish(1);
    for (const client of clients) client.leave();
    await clock.advance(0);
    expect(clock.pending).toBe(0);
  });
});

describe('a fan-out whose log answers later than it has read', () => {
  it('looks again for what was published meanwhile, whenever that was', async () => {
    const turns = async (count: number) => {
      for (let n = 0; n < count; n++) await turn();
    };
    for (let later = 0; later < 15; later++) {
      const stream = createEventStream({ log: createSlowLog(10, () => turns(3)) });
      const client = await connect(stream);
      await turns(20);
      await stream.publish('tick', 1);
      await turns(later);
      await stream.publish('tick', 2);
      await turns(40);
      expect(client.ids, `${later} turns after`).toHaveLength(2);
      await stream.close();
    }
  });
});

describe('an observer of deliveries', () => {
  it.each([
    ['cuts all responses', (hub: StreamHub) => hub.close()],
    ['drains', (hub: StreamHub) => hub.drain({ withinMs: 0 })],
  ])('that publishes and %s takes nothing from the readers whose turn is not yet', async (_, act) => {
    let asked = false;
    const acts: Promise<unknown>[] = [];
    const hub = createStreamHub({
      observe: (fact) => {
        if (asked || fact.kind !== 'delivered') return;
        asked = true;
        acts.push(hub.stream('a').publish('tick', 2), act(hub));
      },
    });
    const clients = [await connect(hub.streams(['a', 'b'])), await connect(hub.stream('a'))];
    await hub.stream('a').publish('tick', 1);
    await turn();
    await Promise.all(acts);
    const events = ({ frames }: FakeClient) => frames.filter(({ event }) => event === 'tick');
    for (const client of clients) {
      expect(events(client).map(({ data }) => (JSON.parse(data) as { data: number }).data)).toEqual([1, 2]);
    }
    await hub.close();
  });
});

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
