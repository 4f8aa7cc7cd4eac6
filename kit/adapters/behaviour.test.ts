import { afterEach, describe, expect, it } from 'vitest';
import { parseEnvelope } from '../protocol/index.ts';
import {
  createEventStream,
  createMemoryLog,
  type EventStream,
  type EventStreamOptions,
  type ServerFact,
} from '../server/index.ts';
import { ADAPTERS, type Served } from './testing/served.ts';
import { type ClientRequest, openStream, type StreamClient } from './testing/stream-client.ts';

describe.each(ADAPTERS)('a stream served by $name', (adapter) => {
  const clients: StreamClient[] = [];
  const running: { stream: EventStream; served: Served }[] = [];

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    for (const { stream, served } of running.splice(0)) {
      await stream.close();
      await served.close();
    }
  });

  async function start(options: EventStreamOptions = {}) {
    const facts: ServerFact[] = [];
    const stream = createEventStream({ name: 'orders', observe: (fact) => facts.push(fact), ...options });
    const served = await adapter.serve(stream);
    running.push({ stream, served });
    const open = async (request: ClientRequest & { query?: string } = {}) => {
      const { query = '', ...rest } = request;
      const client = await openStream(served.url + query, { ...rest, http2: adapter.http2 ?? false });
      clients.push(client);
      return client;
    };
    return { stream, served, open, facts };
  }

  async function publish(stream: EventStream, count: number): Promise<string[]> {
    const ids: string[] = [];
    for (let n = 1; n <= count; n++) ids.push(await stream.publish('tick', { n }));
    return ids;
  }

  function numberOf(data: string): number {
    const result = parseEnvelope(data);
    return result.ok ? (result.envelope.data as { n: number }).n : Number.NaN;
  }

  it('sends headers and stream.open at once, before any event exists', async () => {
    const { open } = await start({ heartbeatMs: 12_000 });
    const client = await open();
    expect(client.status).toBe(200);
    expect(client.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'stream-resume': 'fresh',
    });
    if (adapter.http2) expect(client.headers).not.toHaveProperty('connection');
    const first = await client.next('a frame', () => true);
    expect(first.event).toBe('stream.open');
    const body = JSON.parse(first.data);
    expect(body).toMatchObject({
      stream: 'orders',
      head: 0,
      oldest: 1,
      resume: 'fresh',
      heartbeatMs: 12_000,
      protocol: 1,
    });
    expect(first.id).toBe(`${body.epoch}.0`);
    expect(client.retryMs).toBeGreaterThanOrEqual(1000);
    expect(client.retryMs).toBeLessThanOrEqual(3000);
  });

  it('delivers what is published, in order, with the position as id and in the envelope', async () => {
    const { stream, open } = await start();
    const client = await open();
    await client.event('stream.open');
    const ids = await publish(stream, 50);
    for (const [index, id] of ids.entries()) {
      const frame = await client.event('tick');
      expect(frame.id).toBe(id);
      const envelope = parseEnvelope(frame.data);
      expect(envelope).toMatchObject({ ok: true, envelope: { id, source: '/streams/orders', type: 'tick' } });
      expect(numberOf(frame.data)).toBe(index + 1);
    }
  });

  it('resumes after the Last-Event-ID header, and by query where there is no header', async () => {
    const { stream, open } = await start();
    const ids = await publish(stream, 5);
    const byHeader = await open({ headers: { 'last-event-id': `${ids[2]}` } });
    expect(byHeader.headers['stream-resume']).toBe('ok');
    expect((await byHeader.event('stream.open')).id).toBe(ids[2]);
    expect((await byHeader.event('tick')).id).toBe(ids[3]);
    expect((await byHeader.event('tick')).id).toBe(ids[4]);

    const byQuery = await open({ query: `?lastEventId=${ids[3]}` });
    expect((await byQuery.event('tick')).id).toBe(ids[4]);

    const both = await open({ query: `?lastEventId=${ids[3]}`, headers: { 'last-event-id': `${ids[0]}` } });
    expect((await both.event('tick')).id).toBe(ids[1]);
  });

  it('announces an expired cursor with the exact count, and goes on with the oldest event', async () => {
    const { stream, open } = await start({ log: createMemoryLog({ maxEvents: 3 }) });
    const ids = await publish(stream, 10);
    const client = await open({ headers: { 'last-event-id': `${ids[1]}` } });
    expect(client.status).toBe(200);
    expect(client.headers['stream-resume']).toBe('gap; reason=expired');
    const loss = await client.event('stream.cannot-resume');
    expect(JSON.parse(loss.data)).toEqual({ reason: 'expired', requested: ids[1], from: ids[6], missed: 5 });
    expect(loss.id).toBe(ids[6]);
    expect((await client.event('tick')).id).toBe(ids[7]);
  });

  it.each([
    ['garbage', 'malformed'],
    ['x'.repeat(5000), 'malformed'],
    ['someOtherEpoch.7', 'epoch-changed'],
  ])('answers the hostile or foreign cursor %.20s with status 200 and %s', async (cursor, reason) => {
    const { stream, open } = await start();
    const ids = await publish(stream, 2);
    const client = await open({ headers: { 'last-event-id': cursor } });
    expect(client.status).toBe(200);
    const loss = await client.event('stream.cannot-resume');
    expect(JSON.parse(loss.data)).toMatchObject({ reason, missed: null });
    expect(loss.data.length).toBeLessThan(400);
    expect(loss.id).toBe(reason === 'malformed' ? ids[1] : (ids[0] ?? '').replace(/1$/, '0'));
  });

  it('writes heartbeats with the position everything was written up to, and no id', async () => {
    const { stream, open } = await start({ heartbeatMs: 40 });
    const client = await open();
    const [id] = await publish(stream, 1);
    await client.event('tick');
    const beat = await client.next('a heartbeat', (frame) => frame.comment !== undefined);
    expect(beat.comment?.trim()).toMatch(new RegExp(`^hb ${id?.replace('.', '\\.')} [0-9]{13}$`));
  });

  it('ends the response after stream.end, replays the rest to late clients, and then says 204', async () => {
    const { stream, open } = await start();
    const client = await open();
    const ids = await publish(stream, 2);
    await stream.end();
    await client.event('stream.end');
    expect(await client.ended).toBe('end');

    const late = await open({ headers: { 'last-event-id': `${ids[0]}` } });
    expect((await late.event('tick')).id).toBe(ids[1]);
    await late.event('stream.end');
    expect(await late.ended).toBe('end');

    expect((await open({ headers: { 'last-event-id': `${ids[1]}` } })).status).toBe(204);
  });

  it('answers HEAD with the headers alone, OPTIONS with Allow, and other methods with 405', async () => {
    const { stream, open } = await start();
    const head = await open({ method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(head.headers['content-type']).toBe('text/event-stream');
    expect(await head.ended).toBe('end');
    expect(head.text).toBe('');
    const options = await open({ method: 'OPTIONS' });
    expect([options.status, options.headers.allow]).toEqual([204, 'GET, HEAD, OPTIONS']);
    const put = await open({ method: 'PUT' });
    expect([put.status, put.headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS']);
    expect(stream.stats().connections).toBe(0);
  });

  it('opens a stream by POST where that is allowed', async () => {
    const { stream, open } = await start({ methods: ['GET', 'POST'] });
    const client = await open({
      method: 'POST',
      body: '{"prompt":"hi"}',
      headers: { 'content-type': 'application/json' },
    });
    expect(client.status).toBe(200);
    await client.event('stream.open');
    await publish(stream, 1);
    await client.event('tick');
  });

  it('refuses what exceeds the connection limit with 503 and Retry-After, and takes others when one has left', async () => {
    const { stream, open, facts } = await start({ maxConnections: 1 });
    const first = await open();
    await first.event('stream.open');
    const refused = await open();
    expect(refused.status).toBe(503);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    await publish(stream, 1);
    await first.event('tick');

    first.close();
    await until(() => stream.stats().connections === 0);
    const second = await open();
    expect(second.status).toBe(200);
    await second.event('stream.open');
    expect(facts).toContainEqual(
      expect.objectContaining({ kind: 'connection-rejected', reason: 'limit-total' }),
    );
    expect(facts).toContainEqual(
      expect.objectContaining({ kind: 'connection-closed', reason: 'client-gone' }),
    );
  });

  it('drains: says when to come back, ends in good order, refuses new ones, resolves', async () => {
    const { stream, open } = await start({ acceptPerSecond: 10 });
    const connected = await Promise.all([open(), open(), open(), open()]);
    for (const client of connected) await client.event('stream.open');
    const draining = stream.drain({ withinMs: 400 });
    expect((await open()).status).toBe(503);
    for (const client of connected) {
      expect(JSON.parse((await client.event('stream.drain')).data)).toEqual({ reason: 'shutdown' });
      expect(await client.ended).toBe('end');
      expect(client.retryMs).toBeGreaterThanOrEqual(1000);
    }
    expect(await draining).toMatchObject({ connections: 4, cut: 0 });
    expect(new Set(connected.map((client) => client.retryMs)).size).toBeGreaterThan(1);
  });

  // A fetch-style handler does not know the listener in front of it: there, drain first.
  it.skipIf(adapter.name.startsWith('web'))('lets the server close although streams are open', async () => {
    const { stream, served, open } = await start({ heartbeatMs: 400 });
    const connected = await Promise.all([open(), open()]);
    for (const client of connected) await client.event('stream.open');
    running.length = 0;
    await served.close();
    for (const client of connected) {
      await client.event('stream.drain');
      expect(await client.ended).toBe('end');
    }
    await stream.close();
  });

  it('carries large events whole, and multi-byte text intact', async () => {
    const { stream, open } = await start();
    const client = await open();
    await client.event('stream.open');
    const text = 'žluťoučký 🐎 '.repeat(20_000);
    await stream.publish('large', { text });
    const frame = await client.event('large');
    expect(JSON.parse(frame.data).data.text).toBe(text);
  });

  it('stops reading the log for a client that does not read, and goes on where it stopped', async () => {
    const { stream, open } = await start({ maxEventBytes: 200_000 });
    const client = await open();
    await client.event('stream.open');
    client.pause();
    const payload = 'x'.repeat(100_000);
    let published = 0;
    await until(async () => {
      await stream.publish('bulk', { n: ++published, payload });
      return stream.stats().maxBehind > 20;
    });
    expect(stream.stats().caughtUp).toBe(0);
    client.go();
    for (let n = 1; n <= published; n++) {
      const frame = await client.event('bulk');
      expect(numberOf(frame.data)).toBe(n);
    }
    await until(() => stream.stats().caughtUp === 1);
  });

  it('refuses the unauthorized, forbids foreign resumes, and ends with the token', async () => {
    let expiresUnixMs = Number.POSITIVE_INFINITY;
    const { stream, open } = await start({
      heartbeatMs: 80,
      authorize: (request, { cursor }) => {
        const token = request.header('authorization');
        if (token === null) return { allow: false };
        return { allow: true, key: token, expiresUnixMs, resume: !cursor?.endsWith('.1') };
      },
    });
    await publish(stream, 3);
    expect((await open()).status).toBe(401);
    const epoch = stream.stats().epoch;
    const foreign = await open({ headers: { authorization: 'a', 'last-event-id': `${epoch}.1` } });
    const loss = await foreign.event('stream.cannot-resume');
    expect(JSON.parse(loss.data)).toMatchObject({ reason: 'forbidden', missed: null });
    expect(loss.id).toBe(`${epoch}.3`);
    await publish(stream, 1);
    expect((await foreign.event('tick')).id).toBe(`${epoch}.4`);
    expect(foreign.seen.filter((frame) => frame.event === 'tick')).toHaveLength(1);

    expiresUnixMs = Date.now() + 200;
    const brief = await open({ headers: { authorization: 'a' } });
    expect(JSON.parse((await brief.event('stream.drain')).data)).toEqual({ reason: 'auth-expired' });
    expect(await brief.ended).toBe('end');
    expect((await open({ headers: { authorization: 'a' } })).status).toBe(401);
  });

  it('answers the preflight that Last-Event-ID causes, and keeps denied origins out', async () => {
    const { open } = await start({ cors: { origins: ['https://app.example'], credentials: true } });
    const origin = 'https://app.example';
    const preflight = await open({
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-headers': 'last-event-id' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers['access-control-allow-origin']).toBe(origin);
    expect(preflight.headers['access-control-allow-credentials']).toBe('true');
    expect(preflight.headers['access-control-allow-headers']?.toLowerCase()).toContain('last-event-id');
    const allowed = await open({ headers: { origin } });
    expect(allowed.status).toBe(200);
    expect(allowed.headers['access-control-allow-origin']).toBe(origin);
    const denied = await open({ headers: { origin: 'https://evil.example' } });
    expect(denied.status).toBe(403);
    expect(denied.headers).not.toHaveProperty('access-control-allow-origin');
  });
});

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`never true: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
