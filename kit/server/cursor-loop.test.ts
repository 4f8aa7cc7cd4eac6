import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../testing/virtual-clock.ts';
import type { Clock } from './clock.ts';
import { createEventStream, type EventStream } from './event-stream.ts';
import { createMemoryLog } from './memory-log.ts';
import type { EventDraft, LogHost } from './replay-log.ts';
import { connect, type FakeClient } from './testing/fake-request.ts';
import { createSlowLog } from './testing/slow-log.ts';

type Action =
  | { readonly do: 'publish'; readonly count: number }
  | { readonly do: 'connect'; readonly room: number }
  | { readonly do: 'reconnect' | 'drain'; readonly client: number; readonly room: number }
  | { readonly do: 'wait'; readonly turns: number }
  | { readonly do: 'lose' };

const room = fc.integer({ min: 1, max: 6 });
const actions = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constant('publish' as const), count: fc.integer({ min: 1, max: 8 }) }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('connect' as const), room }) },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constantFrom('reconnect' as const, 'drain' as const),
        client: fc.nat(9),
        room,
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('wait' as const), turns: fc.integer({ min: 1, max: 6 }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('lose' as const) }) },
  ),
  { minLength: 5, maxLength: 40 },
);

/** What a client knows: every id in order over all its connections, and the losses it was told. */
interface Subscriber {
  client: FakeClient;
  readonly earlier: FakeClient[];
}

/**
 * Judges a subscriber by what it read: within an epoch, each event is the successor of what came before, or a
 * `cannot-resume` in between accounts for exactly the missing ones.
 */
function judge(clients: readonly FakeClient[]): { epoch: string; seq: number } {
  let at: { epoch: string; seq: number } | null = null;
  for (const { frames } of clients) {
    for (const { event, id, data } of frames) {
      const place = parse(id ?? '');
      if (event === 'stream.open') {
        const open = JSON.parse(data) as { resume: string };
        if (at === null) at = place;
        else
          expect({ ...place, resume: open.resume }).toEqual({
            ...at,
            resume: expect.stringMatching(/ok|gap/),
          });
      } else if (event === 'stream.cannot-resume') {
        const loss = JSON.parse(data) as { missed: number | null };
        if (at?.epoch === place.epoch) expect(loss.missed).toBe(place.seq - at.seq);
        else expect(loss.missed).toBeNull();
        at = place;
      } else if (event === 'tick') {
        expect(place).toEqual({ epoch: at?.epoch, seq: (at?.seq ?? Number.NaN) + 1 });
        at = place;
      }
    }
  }
  if (at === null) throw new Error('the subscriber saw no stream.open');
  return at;
}

function parse(id: string): { epoch: string; seq: number } {
  const dot = id.lastIndexOf('.');
  return { epoch: id.slice(0, dot), seq: Number(id.slice(dot + 1)) };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** What a schedule is played on. */
interface World {
  readonly stream: EventStream;
  readonly lose?: () => void;
  /** Lets what is ready happen. */
  readonly turn?: () => Promise<void>;
  /** So many subscribers are there from the start, and read as fast as they can. Told to `joined`. */
  readonly crowd?: number;
  readonly joined?: (client: FakeClient) => void;
}

/** Plays a schedule and then lets everything drain. */
async function play(world: World, schedule: readonly Action[]): Promise<Subscriber[]> {
  const { stream, lose = () => undefined, turn: next = turn, crowd = 0, joined } = world;
  const subscribers: Subscriber[] = [];
  for (let n = 0; n < crowd; n++) {
    const client = await connect(stream);
    joined?.(client);
    subscribers.push({ client, earlier: [] });
  }
  const publications: Promise<unknown>[] = [];
  for (const action of schedule) {
    if (action.do === 'publish') {
      for (let n = 0; n < action.count; n++) publications.push(stream.publish('tick', n));
    } else if (action.do === 'connect') {
      subscribers.push({ client: await connect(stream, { room: action.room }), earlier: [] });
    } else if (action.do === 'wait') {
      for (let n = 0; n < action.turns; n++) await next();
    } else if (action.do === 'lose') {
      lose();
    } else {
      const subscriber = subscribers[action.client % Math.max(1, subscribers.length)];
      if (subscriber && action.do === 'drain') subscriber.client.drain(action.room);
      if (subscriber && action.do === 'reconnect') await reconnect(stream, subscriber, action.room);
    }
  }
  await Promise.all(publications);
  for (const { client } of subscribers) client.drain();
  const deadline = Date.now() + 5000;
  while (stream.stats().caughtUp < subscribers.length && Date.now() < deadline) await next();
  for (let n = 0; n < 15; n++) await next();
  return subscribers;
}

async function reconnect(stream: EventStream, subscriber: Subscriber, room: number): Promise<void> {
  const { client } = subscriber;
  client.leave();
  const cursor = client.frames.filter((frame) => frame.id !== undefined).at(-1)?.id ?? '';
  subscriber.earlier.push(client);
  subscriber.client = await connect(stream, { cursor, room });
}

async function check(world: World, schedule: readonly Action[]): Promise<void> {
  const { stream } = world;
  const subscribers = await play(world, schedule);
  const { epoch, head } = stream.stats();
  for (const { client, earlier } of subscribers) {
    expect(judge([...earlier, client])).toEqual({ epoch, seq: head });
    expect(client.state).toBe('open');
  }
  await stream.close();
}

/** A clock that moves with each turn, and with each write to a client: so a flush to a crowd makes the next one wait. */
function busyClock() {
  const time = new VirtualClock();
  let held = 0;
  let writes = 0;
  const clock: Clock = {
    now: () => time.now(),
    monotonic: () => time.monotonic() + writes / 4,
    setTimeout(callback, delayMs) {
      if (delayMs <= 10) held += 1;
      return time.setTimeout(callback, delayMs);
    },
  };
  return {
    clock,
    turn: async () => {
      await turn();
      await time.advance(1);
    },
    joined(client: FakeClient) {
      const write = client.write.bind(client);
      client.write = (block) => {
        writes += 1;
        return write(block);
      };
    },
    held: () => held,
  };
}

describe('the cursor loop, under any schedule of publishing, blocking, draining and reconnecting', () => {
  it('leaves no gap and no overlap over a memory log, and counts what fell off it', async () => {
    await fc.assert(
      fc.asyncProperty(actions, async (schedule) => {
        await check({ stream: createEventStream({ log: createMemoryLog({ maxEvents: 12 }) }) }, schedule);
      }),
      { numRuns: 300 },
    );
  });

  it('leaves none over a log that answers later and loses its data', async () => {
    await fc.assert(
      fc.asyncProperty(actions, fc.integer({ min: 1, max: 3 }), async (schedule, latency) => {
        let delay = 0;
        const log = createSlowLog(12, async () => {
          delay = (delay % latency) + 1;
          for (let n = 0; n < delay; n++) await turn();
        });
        await check({ stream: createEventStream({ log }), lose: () => log.loseEverything() }, schedule);
      }),
      { numRuns: 100 },
    );
  });

  it('leaves none among so many readers that what is published waits for company', async () => {
    let held = 0;
    await fc.assert(
      fc.asyncProperty(actions, fc.constantFrom(12, 60), fc.boolean(), async (schedule, maxEvents, later) => {
        const { clock, held: times, ...busy } = busyClock();
        const log = createSlowLog(maxEvents, turn);
        const world = later
          ? { log, lose: () => log.loseEverything() }
          : { log: createMemoryLog({ maxEvents }) };
        const stream = createEventStream({ ...world, clock });
        await check({ ...world, ...busy, stream, crowd: 40 }, schedule);
        held += times();
      }),
      { numRuns: 100 },
    );
    expect(held).toBeGreaterThan(20);
  });

  it('ends connections whose log cannot be read, so that clients come back, and says why', async () => {
    const log = createSlowLog(10, turn);
    const kinds: string[] = [];
    const stream = createEventStream({ log, observe: (fact) => kinds.push(fact.kind) });
    await stream.publish('tick', 1);
    const client = await connect(stream);
    log.failReads(true);
    await stream.publish('tick', 2);
    for (let n = 0; n < 20 && client.state === 'open'; n++) await turn();
    expect(client.state).toBe('ended');
    expect(kinds).toContain('log-failed');
  });

  it('ends connections whose log says that it holds what it does not, instead of going back for ever', async () => {
    const inner = createMemoryLog();
    const log = Object.assign(Object.create(inner), {
      open: (host: LogHost) => inner.open(host),
      bounds: () => inner.bounds(),
      append: (draft: EventDraft) => inner.append(draft),
      read: () => ({ kind: 'gone' }),
    });
    const stream = createEventStream({ log });
    const ids = [await stream.publish('tick', 1), await stream.publish('tick', 2)];
    const client = await connect(stream, { cursor: `${ids[0]}` });
    expect(client.state).toBe('ended');
    expect(client.frames.map(({ event }) => event)).toEqual(['stream.open']);
  });

  it('survives 200 handoffs: a cursor reconnects while another task publishes at full rate', async () => {
    const stream = createEventStream({ log: createMemoryLog({ maxEvents: 100_000 }) });
    let publishing = true;
    const publisher = (async () => {
      for (let n = 0; publishing; n++) {
        await stream.publish('tick', n);
        if (n % 20 === 0) await turn();
      }
    })();
    const subscriber: Subscriber = { client: await connect(stream, { room: 20 }), earlier: [] };
    for (let handoff = 0; handoff < 200; handoff++) {
      subscriber.client.drain(handoff % 7);
      if (handoff % 3 === 0) await turn();
      await reconnect(stream, subscriber, 1 + (handoff % 40));
    }
    publishing = false;
    await publisher;
    subscriber.client.drain();
    await turn();
    expect(judge([...subscriber.earlier, subscriber.client]).seq).toBe(stream.stats().head);
    expect(subscriber.earlier).toHaveLength(200);
    await stream.close();
  });
});
