import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseVector } from '../protocol/index.ts';
import { VirtualClock } from '../testing/virtual-clock.ts';
import type { ServerFact } from './facts.ts';
import { createStreamHub, requestedTopics, type StreamHub, type StreamHubOptions } from './hub.ts';
import { createMemoryLog } from './memory-log.ts';
import type { ReplayLog } from './replay-log.ts';
import { connect } from './testing/fake-request.ts';

describe('a hub', () => {
  let clock: VirtualClock;
  let facts: ServerFact[];
  let hubs: StreamHub[];

  beforeEach(() => {
    clock = new VirtualClock();
    facts = [];
    hubs = [];
  });

  afterEach(async () => {
    for (const hub of hubs) await hub.close();
    await clock.advance(0);
    expect(clock.pending, 'timers left').toBe(0);
  });

  function make(options: StreamHubOptions = {}) {
    const hub = createStreamHub({ clock, observe: (fact) => facts.push(fact), ...options });
    hubs.push(hub);
    return hub;
  }

  describe('with one stream per connection', () => {
    it('makes streams on first use and keeps their events apart', async () => {
      const hub = make();
      const a = await connect(hub.stream('a'));
      const b = await connect(hub.stream('b'));
      const id = await hub.stream('a').publish('tick', 1);
      await clock.advance(0);
      expect([a.ids, b.ids]).toEqual([[id], []]);
      expect(hub.keys()).toEqual(['a', 'b']);
      expect(JSON.parse(a.frames[1]?.data ?? '')).toMatchObject({ source: '/streams/a' });
    });

    it('never replays one stream to a cursor of another', async () => {
      const hub = make();
      const secret = hub.stream('tenant-a');
      const id = await secret.publish('secret', 1);
      await secret.publish('secret', 2);
      const thief = await connect(hub.stream('tenant-b'), { cursor: id });
      expect(thief.ids).toEqual([]);
      expect(thief.control('stream.cannot-resume')).toMatchObject([
        { reason: 'epoch-changed', missed: null },
      ]);
    });

    it('lets late clients read a stream that ended, then says 204', async () => {
      const hub = make({ freshFrom: 'oldest' });
      const generation = hub.stream('generation-1');
      const ids = [await generation.publish('token', 'Hello'), await generation.publish('token', ' world')];
      await generation.end();
      await expect(generation.publish('token', '!')).rejects.toMatchObject({ code: 'ERR_STREAM_ENDED' });
      const late = await connect(generation);
      expect(late.ids).toEqual(ids);
      expect(late.control('stream.end')).toEqual([{}]);
      expect(late.comments.at(-1)).toContain(` ${ids[1]} `); // whoever lost the last event is told that there was one
      expect(late.state).toBe('ended');
      expect((await connect(generation, { cursor: `${ids[1]}` })).reply.status).toBe(204);
    });

    it('lets go of idle streams, but not of those that are read, and announces the loss to old cursors', async () => {
      const hub = make({ idleMs: 1000, heartbeat: 'off' });
      const id = await hub.stream('idle').publish('tick', 1);
      await connect(hub.stream('read'));
      await clock.advance(1500);
      expect(hub.keys()).toEqual(['read']);
      expect(facts).toContainEqual(expect.objectContaining({ kind: 'stream-evicted', stream: 'idle' }));
      const back = await connect(hub.stream('idle'), { cursor: id });
      expect(back.control('stream.cannot-resume')).toMatchObject([{ reason: 'epoch-changed' }]);
    });

    it('remembers that a stream ended after it was let go: 204, or what was missed, until it is used anew', async () => {
      const hub = make({ idleMs: 1000, heartbeat: 'off', createOnConnect: false });
      const generation = hub.stream('g');
      const ids = [];
      for (let n = 0; n < 3; n++) ids.push(await generation.publish('token', n));
      await generation.end();
      await clock.advance(1500);
      expect(hub.keys()).toEqual([]);
      await generation.end();

      expect((await connect(generation, { cursor: `${ids[2]}` })).reply.status).toBe(204);
      expect((await connect(generation)).reply.status).toBe(204);
      const late = await connect(generation, { cursor: `${ids[0]}` });
      expect(late.control('stream.cannot-resume')).toMatchObject([{ reason: 'expired', missed: 2 }]);
      expect(late.control('stream.end')).toEqual([{}]);
      await clock.advance(0);
      expect([hub.keys(), hub.connections]).toEqual([[], 0]);

      const anew = await generation.publish('token', 'again');
      expect(anew.split('.')[0]).not.toBe(ids[0]?.split('.')[0]);
      const back = await connect(generation, { cursor: `${ids[2]}` });
      expect(back.control('stream.cannot-resume')).toMatchObject([{ reason: 'epoch-changed' }]);
    });

    it('remembers the ends of no more streams than it may hold, and none that a log of its own remembers', async () => {
      const logs = new Map<string, ReplayLog>();
      const kept = (key: string) => {
        const log =
          logs.get(key) ?? Object.assign(createMemoryLog(), { volatile: false, close: () => undefined });
        logs.set(key, log);
        return log;
      };
      const hub = make({ idleMs: 1000, heartbeat: 'off', maxStreams: 2, createOnConnect: false });
      for (const key of ['a', 'b', 'c']) {
        await hub.stream(key).publish('tick', 1);
        await hub.stream(key).end();
        await clock.advance(1500);
      }
      const statuses = [];
      for (const key of ['a', 'b', 'c']) statuses.push((await connect(hub.stream(key))).reply.status);
      expect(statuses).toEqual([404, 204, 204]);

      const durable = make({ idleMs: 1000, heartbeat: 'off', log: kept, freshFrom: 'oldest' });
      const id = await durable.stream('d').publish('tick', 1);
      await durable.stream('d').end();
      await clock.advance(1500);
      expect(durable.keys()).toEqual([]);
      expect((await connect(durable.stream('d'))).ids).toEqual([id]);
    });

    it('keeps streams for ever where idleMs is Infinity, without a timer that no timer could wait for', async () => {
      const delays: number[] = [];
      const watched = Object.assign(Object.create(clock), {
        now: () => clock.now(),
        monotonic: () => clock.monotonic(),
        setTimeout: (callback: () => void, delayMs: number) => {
          delays.push(delayMs);
          return clock.setTimeout(callback, delayMs);
        },
      });
      const hub = make({ idleMs: Number.POSITIVE_INFINITY, clock: watched });
      await hub.stream('k').publish('tick', 1);
      await clock.advance(10_000_000);
      expect(hub.keys()).toEqual(['k']);
      // Node fires at once what is further away than this.
      expect(delays.filter((ms) => !(ms < 2 ** 31))).toEqual([]);
    });

    it('opens the log of a key again only when the old one has closed', async () => {
      const steps: string[] = [];
      let finish: () => void = () => undefined;
      const log = () => {
        const inner = createMemoryLog();
        return Object.assign(Object.create(inner), {
          open: (host: Parameters<typeof inner.open>[0]) => {
            steps.push('open');
            return inner.open(host);
          },
          bounds: () => inner.bounds(),
          append: (draft: Parameters<typeof inner.append>[0]) => inner.append(draft),
          close: () => {
            steps.push('closing');
            return new Promise<void>((resolve) => {
              finish = () => {
                steps.push('closed');
                resolve();
              };
            });
          },
        });
      };
      const hub = make({ idleMs: 1000, log });
      await hub.stream('k').publish('tick', 1);
      await clock.advance(1500);
      const publishing = hub.stream('k').publish('tick', 2);
      await clock.advance(0);
      expect(steps).toEqual(['open', 'closing']);
      finish();
      await publishing;
      expect(steps).toEqual(['open', 'closing', 'closed', 'open']);
      const closing = hub.close();
      finish();
      await closing;
    });

    it('bounds the number of streams and refuses bad keys', async () => {
      const hub = make({ maxStreams: 1 });
      await hub.stream('a').publish('tick', 1);
      await expect(hub.stream('b').publish('tick', 1)).rejects.toMatchObject({
        code: 'ERR_TOO_MANY_STREAMS',
      });
      expect((await connect(hub.stream('b'))).reply.status).toBe(503);
      for (const key of ['', 'x'.repeat(257), '\ud800']) {
        expect(() => hub.stream(key)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_KEY' }));
      }
    });

    it('tells about a stream without making it', async () => {
      const hub = make();
      expect(hub.stream('a').stats()).toMatchObject({
        name: 'a',
        epoch: '',
        head: 0,
        oldest: 1,
        connections: 0,
      });
      expect(hub.keys()).toEqual([]);
      await hub.stream('a').publish('tick', 1);
      expect(hub.stream('a').stats()).toMatchObject({ head: 1, bytes: expect.any(Number) });
    });

    it('answers 404 for unknown streams where requests may not make them', async () => {
      const hub = make({ createOnConnect: false });
      expect((await connect(hub.stream('a'))).reply.status).toBe(404);
      await hub.stream('a').publish('tick', 1);
      expect((await connect(hub.stream('a'))).reply.status).toBe(200);
    });

    it('counts and drains the connections of all streams together', async () => {
      const hub = make({ maxConnections: 2 });
      const clients = [await connect(hub.stream('a')), await connect(hub.stream('b'))];
      expect((await connect(hub.stream('c'))).reply.status).toBe(503);
      const draining = hub.drain({ withinMs: 1000 });
      await clock.advance(1000);
      expect(await draining).toMatchObject({ connections: 2, cut: 0 });
      expect(clients.map((client) => client.state)).toEqual(['ended', 'ended']);
    });
  });

  describe('with several streams on one connection', () => {
    it('opens each stream, and gives every frame a vector whose first entry is its own position', async () => {
      const hub = make();
      const before = await hub.stream('a').publish('tick', 0);
      const client = await connect(hub.streams(['a', 'b/1']));
      expect(client.control('stream.open').map((body) => body.stream)).toEqual(['a', 'b/1']);
      const published = [
        ['a', await hub.stream('a').publish('tick', 1)],
        ['b/1', await hub.stream('b/1').publish('tick', 2)],
        ['a', await hub.stream('a').publish('tick', 3)],
      ];
      await clock.advance(0);
      const ticks = client.frames.filter((frame) => frame.event === 'tick');
      const owners = ticks.map((frame) => {
        const own = parseVector(frame.id ?? '')?.[0];
        const envelope = JSON.parse(frame.data) as { id: string };
        expect(envelope.id).toBe(`${own?.position.epoch}.${own?.position.seq}`);
        return [own?.stream, envelope.id];
      });
      expect(owners.sort()).toEqual(published.sort());
      expect(owners.map(([, id]) => id)).not.toContain(before);
    });

    it('resumes every stream from the vector of the last frame alone', async () => {
      const hub = make();
      const topics = hub.streams(['a', 'b', 'c']);
      const first = await connect(topics);
      for (let n = 0; n < 5; n++) {
        for (const key of ['a', 'b', 'c']) await hub.stream(key).publish('tick', n);
      }
      await clock.advance(0);
      const all = first.frames.filter((frame) => frame.event === 'tick');
      expect(all).toHaveLength(15);
      for (const cut of [0, 4, 9, 14]) {
        const again = await connect(topics, { cursor: all[cut]?.id ?? '' });
        expect(again.reply.headers['Stream-Resume']).toBe('ok');
        const resumed = again.frames.filter((frame) => frame.event === 'tick').map((frame) => frame.data);
        const expected = all.slice(cut + 1).map((frame) => frame.data);
        expect(resumed.sort()).toEqual(expected.sort());
        again.leave();
      }
    });

    it('announces the loss of one stream and leaves the others alone', async () => {
      const log = () => createMemoryLog({ maxEvents: 3 });
      const hub = make({ log });
      const topics = hub.streams(['a', 'b']);
      const first = await connect(topics);
      await hub.stream('a').publish('tick', 0);
      await hub.stream('b').publish('tick', 0);
      await clock.advance(0);
      const cursor = first.frames.at(-1)?.id ?? '';
      first.leave();
      for (let n = 1; n <= 10; n++) await hub.stream('a').publish('tick', n);
      const again = await connect(topics, { cursor });
      expect(again.reply.headers['Stream-Resume']).toBe('gap; reason=expired');
      expect(again.control('stream.cannot-resume')).toMatchObject([
        { stream: 'a', reason: 'expired', missed: 7 },
      ]);
      expect(again.control('stream.open').map(({ stream, resume }) => [stream, resume])).toEqual([
        ['a', 'gap'],
        ['b', 'ok'],
      ]);
    });

    it('asks again for every stream when it was cut between the opening frames', async () => {
      const hub = make({ log: () => createMemoryLog({ maxEvents: 3 }) });
      const topics = hub.streams(['b', 'a']);
      const first = await connect(topics);
      for (let n = 0; n < 10; n++) await hub.stream('a').publish('tick', n);
      await hub.stream('b').publish('tick', 0);
      const start = first.frames[1]?.id ?? '';
      first.leave();
      const cutEarly = await connect(topics, { cursor: start });
      const firstOpen = cutEarly.frames[0]?.id ?? '';
      const again = await connect(topics, { cursor: firstOpen });
      expect(again.control('stream.cannot-resume')).toMatchObject([{ stream: 'a', missed: 7 }]);
    });

    it('takes over the cursor of a client that had one of the streams alone', async () => {
      const hub = make();
      const id = await hub.stream('a').publish('tick', 1);
      const next = await hub.stream('a').publish('tick', 2);
      const client = await connect(hub.streams(['b', 'a']), { cursor: id });
      expect(
        client.frames.filter((frame) => frame.event === 'tick').map((frame) => JSON.parse(frame.data).id),
      ).toEqual([next]);
      const foreign = await connect(hub.streams(['b', 'a']), { cursor: 'foreign-epoch.7' });
      expect(foreign.control('stream.cannot-resume').map((body) => body.reason)).toEqual([
        'epoch-changed',
        'epoch-changed',
      ]);
    });

    it('ends topic by topic, and the response when all have ended', async () => {
      const hub = make();
      const client = await connect(hub.streams(['a', 'b']));
      await hub.stream('a').end();
      await clock.advance(0);
      expect(client.control('stream.topic-end')).toEqual([{ stream: 'a' }]);
      expect(hub.stream('a').stats().connections).toBe(0);
      const id = await hub.stream('b').publish('tick', 1);
      await hub.stream('b').end();
      await clock.advance(0);
      expect(
        client.frames.filter((frame) => frame.event === 'tick').map((frame) => JSON.parse(frame.data).id),
      ).toEqual([id]);
      expect(client.comments.at(-1)).toContain(`${id}`);
      expect(client.control('stream.end')).toEqual([{}]);
      expect(client.state).toBe('ended');
    });

    it('sends heartbeats with the vector', async () => {
      const hub = make({ heartbeatMs: 1000 });
      const client = await connect(hub.streams(['a', 'b']));
      await hub.stream('b').publish('tick', 1);
      await clock.advance(1000);
      const [, vector = ''] = client.comments[0]?.trim().split(' ') ?? [];
      expect(parseVector(vector)?.map(({ stream, position }) => [stream, position.seq])).toEqual([
        ['a', 0],
        ['b', 1],
      ]);
    });

    it('holds all streams while the connection is blocked, and starves none when it drains', async () => {
      const hub = make();
      const client = await connect(hub.streams(['a', 'b', 'c']), { room: 3 });
      for (let n = 0; n < 50; n++) {
        for (const key of ['a', 'b', 'c'])
          await hub.stream(key).publish('tick', { n, pad: 'x'.repeat(40_000) });
        await clock.advance(0);
      }
      expect(client.ids).toEqual([]);
      for (let n = 0; n < 9; n++) client.drain(1);
      const seen = new Set(client.ids.map((id) => parseVector(id)?.[0].stream));
      expect([...seen].sort()).toEqual(['a', 'b', 'c']);
      client.drain();
      await clock.advance(0);
      for (const key of ['a', 'b', 'c']) {
        const own = client.ids.flatMap((id) => {
          const entry = parseVector(id)?.[0];
          return entry?.stream === key ? [entry.position.seq] : [];
        });
        expect(own.at(-1)).toBe(50);
      }
    });

    it('refuses topics whose names are together too long for a cursor, at the door', async () => {
      const hub = make();
      const names = (count: number, length: number) =>
        Array.from({ length: count }, (_, n) => `${n}`.padEnd(length, 'ž'));
      expect(() => hub.streams(names(16, 250))).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_TOPICS' }),
      );
      const client = await connect(hub.streams(names(2, 256)));
      expect(client.control('stream.open')).toHaveLength(2);
    });

    it('refuses no topics, repeated ones, and too many', () => {
      const hub = make({ maxTopics: 2 });
      for (const topics of [[], ['a', 'a'], ['a', 'b', 'c']]) {
        expect(() => hub.streams(topics)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_TOPICS' }));
      }
      expect(requestedTopics({ url: '/events?topic=a&topic=b%2F1&topic=a' })).toEqual(['a', 'b/1']);
      expect(requestedTopics({ url: '/events' })).toEqual([]);
    });
  });
});
