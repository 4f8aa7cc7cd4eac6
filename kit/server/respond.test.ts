import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { createEventStream, type EventStreamOptions } from './event-stream.ts';
import type { ServerFact } from './facts.ts';
import { createStreamHub, type StreamHubOptions } from './hub.ts';
import type { StreamRequest } from './request.ts';
import type { Authorization } from './respond.ts';
import { connect, FakeClient } from './testing/fake-request.ts';
import { createSlowLog } from './testing/slow-log.ts';

describe('a request', () => {
  let clock: VirtualClock;
  let facts: ServerFact[];
  const made: { close(): Promise<void> }[] = [];

  beforeEach(() => {
    clock = new VirtualClock();
    facts = [];
  });

  afterEach(async () => {
    for (const each of made.splice(0)) await each.close();
    await clock.advance(0);
    expect(clock.pending, 'timers left').toBe(0);
  });

  function stream(options: EventStreamOptions = {}) {
    const it = createEventStream({ clock, observe: (fact) => facts.push(fact), ...options });
    made.push(it);
    return it;
  }

  function hub(options: StreamHubOptions = {}) {
    const it = createStreamHub({ clock, observe: (fact) => facts.push(fact), ...options });
    made.push(it);
    return it;
  }

  function asking(method: string, headers: Readonly<Record<string, string>> = {}): StreamRequest {
    return { method, url: '/events', header: (name) => headers[name] ?? null };
  }

  it.each([[undefined], [null], [true], ['yes'], [{}], [{ allow: 'no' }]])(
    'is refused when the auth hook answers %j instead of an authorization',
    async (answer) => {
      const guarded = stream({ authorize: async () => answer as unknown as Authorization });
      expect((await connect(guarded)).reply.status).toBe(401);
    },
  );

  it('is refused when nobody can tell when its authorization ends', async () => {
    const guarded = stream({
      authorize: () => ({ allow: true, expiresUnixMs: Date.parse('no date') }),
    });
    expect((await connect(guarded)).reply.status).toBe(401);
  });

  it('gives its place back when the response cannot be begun', async () => {
    const narrow = stream({ maxConnections: 1, authorize: () => ({ allow: true, key: 'ann' }) });
    const reply = await narrow.handle(asking('GET'));
    expect(() => {
      if (reply.body.kind === 'stream') {
        reply.body.start(() => {
          throw new Error('somebody answered already');
        });
      }
    }).toThrow('somebody answered already');
    expect((await connect(narrow)).reply.status).toBe(200);
  });

  it('that was let in before a drain began is told what it subscribed to before it is sent away', async () => {
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const slow = stream({ log: createSlowLog(10, () => gate) });
    const connecting = slow.handle(asking('GET'));
    await clock.advance(0);
    const draining = slow.drain({ withinMs: 1000 });
    go();
    const client = new FakeClient(await connecting, Number.POSITIVE_INFINITY);
    await clock.advance(1000);
    await draining;
    expect(client.frames.map(({ event }) => event)).toEqual(['stream.open', 'stream.drain']);
    expect(client.frames[0]?.id).toMatch(/\.0$/);
    expect(client.state).toBe('ended');
    expect(facts.map(({ kind }) => kind).filter((kind) => kind.startsWith('connection'))).toEqual([
      'connection-opened',
      'connection-closed',
    ]);
  });

  describe('for a stream that does not exist', () => {
    const cors = { origins: ['https://app.example'] };
    const headers = { origin: 'https://app.example' };

    it('says nothing about that to those who may not know', async () => {
      const secret = hub({ createOnConnect: false, authorize: () => ({ allow: false }) });
      await secret.stream('exists').publish('tick', 1);
      expect((await connect(secret.stream('exists'))).reply.status).toBe(401);
      expect((await connect(secret.stream('absent'))).reply.status).toBe(401);
    });

    it('is answered as any other where method, preflight and origin are concerned', async () => {
      const absent = hub({ createOnConnect: false, cors }).stream('absent');
      expect((await absent.handle(asking('PUT'))).status).toBe(405);
      expect(await absent.handle(asking('OPTIONS', headers))).toMatchObject({
        status: 204,
        headers: { 'Access-Control-Allow-Origin': 'https://app.example' },
      });
      expect((await absent.handle(asking('GET', { origin: 'https://evil.example' }))).status).toBe(403);
      expect(await absent.handle(asking('GET', headers))).toMatchObject({
        status: 404,
        headers: { 'Access-Control-Allow-Origin': 'https://app.example' },
      });
      expect(facts.at(-1)).toMatchObject({ kind: 'connection-rejected', reason: 'unknown-stream' });
    });
  });
});
