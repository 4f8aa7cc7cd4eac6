import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../testing/virtual-clock.ts';
import type { EventStream, EventStreamOptions } from './event-stream.ts';
import { createEventStream } from './event-stream.ts';
import type { ServerFact } from './facts.ts';
import { createMemoryLog } from './memory-log.ts';
import { connect } from './testing/fake-request.ts';

describe('the life of a connection, in virtual time', () => {
  let clock: VirtualClock;
  let facts: ServerFact[];
  let streams: EventStream[];

  beforeEach(() => {
    clock = new VirtualClock();
    facts = [];
    streams = [];
  });

  afterEach(async () => {
    for (const stream of streams) await stream.close();
    await clock.advance(0);
    expect(clock.pending, 'timers left').toBe(0);
  });

  function make(options: EventStreamOptions = {}) {
    const stream = createEventStream({
      name: 's',
      clock,
      random: () => 0.5,
      observe: (fact) => facts.push(fact),
      ...options,
    });
    streams.push(stream);
    return stream;
  }

  const closings = () => facts.flatMap((fact) => (fact.kind === 'connection-closed' ? [fact.reason] : []));

  it('never leaves a longer silence than announced, and writes no heartbeat where events flow', async () => {
    const stream = make({ heartbeatMs: 1000 });
    const client = await connect(stream);
    for (let second = 0; second < 10; second++) {
      const before = client.comments.length;
      await clock.advance(1000);
      expect(client.comments.length, `second ${second}`).toBeGreaterThan(before);
    }
    expect(client.comments.length).toBeLessThanOrEqual(13);

    const heartbeats = client.comments.length;
    for (let turn = 0; turn < 20; turn++) {
      await stream.publish('tick', turn);
      await clock.advance(400);
    }
    expect(client.comments).toHaveLength(heartbeats);
  });

  it('counts per connection what was written to all together: live, after a pause, and with heartbeats', async () => {
    const stream = make({ heartbeatMs: 1000 });
    const early = await connect(stream);
    for (let n = 0; n < 3; n++) await stream.publish('tick', n);
    const late = await connect(stream, { cursor: early.ids[0] ?? '' });
    const slow = await connect(stream, { room: 2 });
    for (let n = 0; n < 4; n++) {
      await stream.publish('tick', n);
      await Promise.resolve();
    }
    await clock.advance(1500);
    expect(slow.ids).toHaveLength(1);
    expect(stream.stats()).toMatchObject({ connections: 3, caughtUp: 2, maxBehind: 3 });
    slow.drain();
    await stream.publish('tick', 'last');
    for (const client of [early, late, slow]) client.leave();
    await clock.advance(0);
    const closed = facts.filter((fact) => fact.kind === 'connection-closed');
    const [events, bytes] = [closed.map((fact) => fact.events), closed.map((fact) => fact.bytes)];
    expect(events).toEqual([8, 7, 5]);
    expect(bytes).toEqual([early, late, slow].map((client) => client.bytes));
  });

  it('sends heartbeats as events where asked to, without an id, and none when off', async () => {
    const stream = make({ heartbeat: 'event', heartbeatMs: 1000 });
    const client = await connect(stream);
    const id = await stream.publish('tick', 1);
    await clock.advance(1000);
    const beat = client.frames.find((frame) => frame.event === 'stream.heartbeat');
    expect(beat?.id).toBeUndefined();
    expect(JSON.parse(beat?.data ?? '')).toEqual({ head: id, unixMs: expect.any(Number) });

    const silent = await connect(make({ heartbeat: 'off' }));
    expect(silent.control('stream.open')[0]).toMatchObject({ heartbeatMs: 0 });
    await clock.advance(100_000);
    expect(silent.comments).toEqual([]);
  });

  it('writes no heartbeat to a blocked connection, and cuts it when it does not drain', async () => {
    const stream = make({ heartbeatMs: 1000, writeStallMs: 5000 });
    const stuck = await connect(stream, { room: 1 });
    const healthy = await connect(stream);
    for (let n = 0; n < 7; n++) await stream.publish('tick', n);
    await clock.advance(4500);
    expect(stuck.state).toBe('open');
    expect(stuck.comments).toEqual([]);
    await clock.advance(1000);
    expect(stuck.state).toBe('destroyed');
    expect(healthy.state).toBe('open');
    expect(facts).toContainEqual(expect.objectContaining({ kind: 'connection-stalled', behind: 7 }));
    expect(closings()).toEqual(['stalled']);
  });

  it('does not call a slow reader stalled that drains now and then', async () => {
    const stream = make({ heartbeatMs: 1000, writeStallMs: 5000 });
    const slow = await connect(stream, { room: 1 });
    for (let n = 0; n < 10; n++) {
      await stream.publish('tick', n);
      await clock.advance(3000);
      slow.drain(1);
    }
    expect(slow.state).toBe('open');
  });

  it('ends connections of age, each at a time of its own, and says so', async () => {
    let turn = 0;
    const random = () => (turn++ % 10) / 10;
    const stream = make({ maxAgeMs: 100_000, maxAgeJitter: 0.5, random });
    const clients = await Promise.all(Array.from({ length: 5 }, () => connect(stream)));
    await clock.advance(49_000);
    expect(clients.every((client) => client.state === 'open')).toBe(true);
    await clock.advance(52_000);
    expect(clients.map((client) => client.state)).toEqual(Array(5).fill('ended'));
    for (const client of clients) expect(client.control('stream.drain')).toEqual([{ reason: 'max-age' }]);
    const durations = facts.flatMap((fact) => (fact.kind === 'connection-closed' ? [fact.durationMs] : []));
    expect(new Set(durations).size).toBeGreaterThan(2);
  });

  it('ends what is open in good order when the listener behind it was closed', async () => {
    const stream = make({ heartbeatMs: 1000 });
    const client = await connect(stream);
    client.listenerClosed = true;
    await clock.advance(200);
    expect(client.state).toBe('ended');
    expect(client.control('stream.drain')).toEqual([{ reason: 'shutdown' }]);
  });

  it('drains 100 connections by the deadline, and spreads their returns to the accept rate', async () => {
    const stream = make({ acceptPerSecond: 10, retryMs: 1000, retryJitter: 0, random: Math.random });
    const clients = await Promise.all(Array.from({ length: 100 }, () => connect(stream)));
    const endedAt = new Map<unknown, number>();
    const draining = stream.drain({ withinMs: 4000 });
    for (let elapsed = 0; elapsed <= 4000; elapsed += 50) {
      for (const client of clients) {
        if (client.state === 'ended' && !endedAt.has(client)) endedAt.set(client, elapsed);
      }
      await clock.advance(50);
    }
    expect(await draining).toMatchObject({ connections: 100, cut: 0 });
    expect(endedAt.size).toBe(100);
    const returns = clients.map((client) => (endedAt.get(client) ?? 0) + (client.retryMs ?? 0));
    const perSecond = new Map<number, number>();
    for (const at of returns)
      perSecond.set(Math.floor(at / 1000), (perSecond.get(Math.floor(at / 1000)) ?? 0) + 1);
    expect(Math.max(...perSecond.values())).toBeLessThanOrEqual(13);
    expect(Math.max(...returns)).toBeLessThanOrEqual(1000 + 10_000 + 100);
  });

  it('cuts at the deadline of a drain what does not end', async () => {
    const stream = make();
    const stuck = await connect(stream);
    stuck.end = () => undefined;
    const draining = stream.drain({ withinMs: 500 });
    await clock.advance(500);
    expect(await draining).toMatchObject({ connections: 1, cut: 1 });
    expect(stuck.state).toBe('destroyed');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, -1])(
    'refuses to drain within %d ms, which no timer could wait for, and cuts nobody',
    async (withinMs) => {
      const stream = make();
      const client = await connect(stream);
      const refused = await stream.drain({ withinMs }).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'ERR_INVALID_OPTION' });
      expect([client.state, stream.draining]).toEqual(['open', false]);
    },
  );

  it('tells a live reader that fell off the log how many events it lost', async () => {
    const stream = make({ log: createMemoryLog({ maxEvents: 10, epoch: 'epoch-01' }) });
    const slow = await connect(stream, { room: 2 });
    for (let n = 1; n <= 100; n++) await stream.publish('tick', n);
    slow.drain();
    await clock.advance(0);
    const [loss] = slow.control('stream.cannot-resume');
    const before = slow.ids.indexOf('epoch-01.91');
    expect(loss).toEqual({ reason: 'too-slow', requested: null, from: 'epoch-01.90', missed: 90 - before });
    expect(slow.ids).toHaveLength(before + 10);
    expect(slow.ids.at(-1)).toBe('epoch-01.100');
  });

  it('closes it instead, by policy', async () => {
    const stream = make({ slowReader: 'close', log: createMemoryLog({ maxEvents: 10 }) });
    const slow = await connect(stream, { room: 2 });
    for (let n = 1; n <= 100; n++) await stream.publish('tick', n);
    slow.drain();
    await clock.advance(0);
    expect(slow.state).toBe('ended');
    expect(closings()).toEqual(['too-slow']);
  });

  it('expires events by age, also when nothing is published', async () => {
    const stream = make({ log: createMemoryLog({ maxAgeMs: 1000 }) });
    const first = await stream.publish('tick', 1);
    await clock.advance(1001);
    expect(stream.stats()).toMatchObject({ oldest: 2, head: 1, oldestUnixMs: null });
    const client = await connect(stream, { cursor: first.replace(/1$/, '0') });
    expect(client.control('stream.cannot-resume')).toMatchObject([{ reason: 'expired', missed: 1 }]);
  });

  it('keeps several clients that come at once within the limit, and counts by key', async () => {
    const stream = make({
      maxConnections: 3,
      maxConnectionsPerKey: 2,
      authorize: async (request) => ({ allow: true, key: request.header('user') ?? 'nobody' }),
    });
    const as = (user: string) => connect(stream, { headers: { user } });
    const clients = await Promise.all([as('ann'), as('ann'), as('ann'), as('bob'), as('bob')]);
    expect(clients.map((client) => client.reply.status)).toEqual([200, 200, 503, 200, 503]);
    const retries = clients
      .filter(({ reply }) => reply.status === 503)
      .map(({ reply }) => reply.headers['Retry-After']);
    expect(retries).toEqual(['5', '5']);
    clients[0]?.leave();
    await clock.advance(0);
    expect((await as('bob')).reply.status).toBe(200);
  });

  it('reports each step as facts that share the connection id', async () => {
    const stream = make();
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const id = await stream.publish('tick', 1);
    await stream.publish('tick', 2, { traceparent });
    const client = await connect(stream, { cursor: id, headers: { traceparent } });
    const { connection } = client.control('stream.open')[0] ?? {};
    await stream.publish('tick', 3);
    await clock.advance(0);
    client.leave();
    await clock.advance(0);
    const own = facts.filter((fact) => 'connection' in fact && fact.connection === connection);
    expect(own.map((fact) => fact.kind)).toEqual([
      'connection-opened',
      'delivered',
      'replayed',
      'connection-closed',
    ]);
    expect(own[0]).toMatchObject({ resume: 'ok', requested: id, behind: 1, traceparent });
    expect(own[2]).toMatchObject({ result: 'complete', events: 1 });
    expect(own[3]).toMatchObject({ reason: 'client-gone', events: 2 });
    expect(facts.filter((fact) => fact.kind === 'published').map((fact) => fact.traceparent)).toEqual([
      undefined,
      traceparent,
      undefined,
    ]);
    expect(facts).toContainEqual(
      expect.objectContaining({ kind: 'delivered', path: 'live', connections: 1, events: 1 }),
    );
  });
});
