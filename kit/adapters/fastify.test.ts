import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { createEventStream, createStreamHub, requestedTopics } from '../server/index.ts';
import { fastifySse } from './fastify.ts';
import { shutdownOnSignal } from './shutdown.ts';
import { openStream, type StreamClient } from './testing/stream-client.ts';

describe('the fastify plugin', () => {
  const apps: FastifyInstance[] = [];
  const clients: StreamClient[] = [];

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    for (const app of apps.splice(0)) await app.close();
  });

  function make(): FastifyInstance {
    const app = Fastify();
    apps.push(app);
    return app;
  }

  async function open(app: FastifyInstance, path: string, headers: Record<string, string> = {}) {
    const client = await openStream((app.listeningOrigin ?? '') + path, { headers });
    clients.push(client);
    return client;
  }

  it('decorates the instance it is registered on and its children, not its parent', async () => {
    const app = make();
    await app.register(async (child) => {
      await child.register(fastifySse);
      expect(child.hasReplyDecorator('eventStream')).toBe(true);
      await child.register(async (grandchild) => {
        expect(grandchild.hasReplyDecorator('eventStream')).toBe(true);
      });
    });
    await app.ready();
    expect(app.hasReplyDecorator('eventStream')).toBe(false);
  });

  it('picks the stream by the request, in route options and in handlers, and keeps headers of hooks', async () => {
    const hub = createStreamHub();
    const app = make();
    await app.register(fastifySse, { drainWithinMs: 300 });
    app.addHook('onRequest', async (_request, reply) => void reply.header('x-hook', 'ran'));
    app.get<{ Params: { key: string } }>(
      '/orders/:key',
      { eventStream: (request) => hub.stream((request.params as { key: string }).key) },
      async () => undefined,
    );
    app.get('/events', async (request, reply) => reply.eventStream(hub.streams(requestedTopics(request))));
    await app.listen({ port: 0, host: '127.0.0.1' });

    const one = await open(app, '/orders/7');
    expect(one.headers['x-hook']).toBe('ran');
    expect(JSON.parse((await one.event('stream.open')).data)).toMatchObject({ stream: '7' });
    const several = await open(app, '/events?topic=7&topic=8');
    await several.event('stream.open');
    await several.event('stream.open');
    const id = await hub.stream('7').publish('paid', 1);
    expect((await one.event('paid')).id).toBe(id);
    expect((await several.event('paid')).id).toMatch(`7=${id};8=`);
    await hub.close();
  });

  it('gives the error handler what the auth hook throws, and the hook the Fastify request', async () => {
    const stream = createEventStream({
      authorize: (request) => {
        expect(request.raw).toHaveProperty('routeOptions');
        throw new Error('directory is down');
      },
    });
    const app = make();
    await app.register(fastifySse);
    app.setErrorHandler((error, _request, reply) => reply.code(599).send(String(error)));
    app.get('/events', { eventStream: stream }, async () => undefined);
    await app.listen({ port: 0, host: '127.0.0.1' });
    const client = await open(app, '/events');
    expect(client.status).toBe(599);
    await client.ended;
    expect(client.text).toContain('directory is down');
    await stream.close();
  });

  it('keeps nothing of endpoints whose responses are over: handlers make one per request', async () => {
    const hub = createStreamHub({ methods: ['GET'] });
    let drains = 0;
    const app = make();
    await app.register(fastifySse, { drainWithinMs: 300 });
    app.get('/events', async (_request, reply) => {
      const { handle, drain } = hub.stream('k');
      return reply.eventStream({
        handle,
        drain: (options) => {
          drains += 1;
          return drain(options);
        },
      });
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    for (let n = 0; n < 5; n++) {
      const gone = await open(app, '/events');
      await gone.event('stream.open');
      gone.close();
    }
    while (hub.connections > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const client = await open(app, '/events');
    await client.event('stream.open');
    await app.close();
    await client.event('stream.drain');
    expect(drains).toBe(1);
    await hub.close();
  });

  it('gives the place back when a hook has set what no header can hold', async () => {
    const stream = createEventStream({ maxConnections: 1 });
    const app = make();
    await app.register(fastifySse);
    app.get('/events', { eventStream: stream }, async () => undefined);
    app.get('/broken', async (_request, reply) => {
      reply.header('x-broken', 'a\u0000b');
      return reply.eventStream(stream);
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    for (let n = 0; n < 2; n++) {
      const broken = await open(app, '/broken').catch(() => null); // an error, of whichever kind
      expect(broken?.status ?? 500).toBe(500);
    }
    expect((await open(app, '/events')).status).toBe(200);
    await stream.close();
  });

  it('refuses a time for the drain that is none when it is registered, not when the app closes', async () => {
    const app = Fastify();
    app.register(fastifySse, { drainWithinMs: Number.NaN });
    await expect(app.ready()).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' });
    const shutdown = () => shutdownOnSignal({ server: app.server, endpoints: [], withinMs: Number.NaN });
    expect(shutdown).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
  });

  it('drains on close the streams that were served through it, and no others', async () => {
    const served = createEventStream();
    const other = createEventStream();
    const app = make();
    await app.register(fastifySse, { drainWithinMs: 300 });
    app.get('/events', { eventStream: served }, async () => undefined);
    await app.listen({ port: 0, host: '127.0.0.1' });
    const client = await open(app, '/events');
    await client.event('stream.open');
    await app.close();
    await client.event('stream.drain');
    expect([served.draining, other.draining]).toEqual([true, false]);
    await served.close();
    await other.close();
  });

  it('answers by itself while it drains where Fastify lets it: 503 with a time to come back', async () => {
    const stream = createEventStream();
    const app = Fastify({ forceCloseConnections: false, return503OnClosing: false });
    apps.push(app);
    await app.register(fastifySse, { drainWithinMs: 1_000 });
    app.get('/events', { eventStream: stream }, async () => undefined);
    await app.listen({ port: 0, host: '127.0.0.1' });
    const { listeningOrigin } = app;
    for (let n = 0; n < 2; n++) await (await open(app, '/events')).event('stream.open');
    const closing = app.close();
    while (!stream.draining) await new Promise((resolve) => setTimeout(resolve, 5));
    const late = await openStream(`${listeningOrigin}/events`);
    await late.ended;
    expect([late.status, late.text]).toEqual([503, '{"error":"draining"}']);
    expect(Number(late.headers['retry-after'])).toBeGreaterThan(0);
    await closing;
    await stream.close();
  });
});
