import { once } from 'node:events';
import http, { createServer, type RequestListener, type Server } from 'node:http';
import http2 from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { createGunzip } from 'node:zlib';
import compression from 'compression';
import express from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import { createEventStream } from '../server/index.ts';
import { sse } from './express.ts';
import { nodeHandler, openEventStream } from './node-http.ts';
import { openStream } from './testing/stream-client.ts';

describe('the ways of writing to a node response', () => {
  const servers: Server[] = [];

  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  async function listen(handler: RequestListener): Promise<number> {
    const server = createServer(handler);
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  /** Sends bytes and collects what comes until the text holds `until` as often as asked. */
  async function raw(port: number, request: string, until: RegExp): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    socket.write(request);
    let text = '';
    for await (const chunk of socket) {
      text += chunk;
      if (until.test(text)) break;
    }
    socket.destroy();
    return text;
  }

  it('frames HTTP/1.1 bodies as chunks whose sizes are right, and ends with the last chunk', async () => {
    const stream = createEventStream();
    const port = await listen(nodeHandler(stream));
    const answer = raw(port, 'GET /events HTTP/1.1\r\nHost: x\r\n\r\n', /\r\n0\r\n\r\n/);
    while (stream.stats().connections === 0) await new Promise((resolve) => setImmediate(resolve));
    await stream.publish('small', 'ž');
    await stream.publish('large', 'x'.repeat(50_000));
    await stream.end();
    const text = await answer;
    const [head = '', body = ''] = text.split(/\r\n\r\n([\s\S]*)/);
    expect(head).toContain('Transfer-Encoding: chunked');
    let at = 0;
    let decoded = '';
    const bytes = Buffer.from(body);
    for (;;) {
      const lineEnd = bytes.indexOf('\r\n', at);
      const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
      const from = lineEnd + 2;
      expect(bytes.toString('latin1', from + size, from + size + 2)).toBe('\r\n');
      if (size === 0) break;
      decoded += bytes.toString('utf8', from, from + size);
      at = from + size + 2;
    }
    expect(decoded).toContain('"data":"ž"');
    expect(decoded).toContain('"data":"xxx');
    expect(decoded.trimEnd().endsWith('event: stream.end\ndata: {}')).toBe(true);
    await stream.close();
  });

  it('serves HTTP/1.0 without chunks, ended by the connection', async () => {
    const stream = createEventStream();
    const port = await listen(nodeHandler(stream));
    const answer = raw(port, 'GET /events HTTP/1.0\r\n\r\n', /stream.end/);
    while (stream.stats().connections === 0) await new Promise((resolve) => setImmediate(resolve));
    await stream.end();
    const text = await answer;
    expect(text.toLowerCase()).not.toContain('transfer-encoding');
    expect(text).toMatch(/\r\n\r\nevent: stream.open\n/);
    await stream.close();
  });

  it('answers pipelined requests one after the other', async () => {
    const stream = createEventStream();
    const listener = nodeHandler(stream);
    const port = await listen((request, response) => {
      if (request.url === '/slow') setTimeout(() => response.end('slow answer'), 50);
      else void listener(request, response);
    });
    const text = await raw(
      port,
      'GET /slow HTTP/1.1\r\nHost: x\r\n\r\nGET /events HTTP/1.1\r\nHost: x\r\n\r\n',
      /stream\.open[\s\S]*\n\n/,
    );
    expect(text.indexOf('slow answer')).toBeGreaterThan(0);
    expect(text.indexOf('text/event-stream')).toBeGreaterThan(text.indexOf('slow answer'));
    expect(text).toMatch(/text\/event-stream[\s\S]*\r\n\r\n[0-9a-f]+\r\nevent: stream.open\n/);
    await stream.close();
  });

  it('forgets a response that still waited for its turn when its connection went away', async () => {
    const stream = createEventStream({ maxConnections: 2 });
    const port = await listen(nodeHandler(stream));
    for (let round = 0; round < 3; round++) {
      const socket = connect(port, '127.0.0.1');
      socket.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2));
      await until(() => stream.stats().connections === 2);
      socket.destroy();
      await until(() => stream.stats().connections === 0);
    }
    await stream.close();
  });

  it('gives up a response that never gets its turn when it has more to say than may wait', async () => {
    const closed: string[] = [];
    const stream = createEventStream({
      writeStallMs: 50,
      heartbeatMs: 50,
      observe: (fact) => {
        if (fact.kind === 'connection-closed') closed.push(fact.reason);
      },
    });
    const port = await listen(nodeHandler(stream));
    const socket = connect(port, '127.0.0.1');
    socket.resume();
    socket.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2));
    await until(() => stream.stats().connections === 2);
    for (let n = 0; n < 20; n++) {
      await stream.publish('bulk', 'x'.repeat(10_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => closed.length === 1);
    expect(closed).toEqual(['stalled']);
    expect(stream.stats().connections).toBe(1);
    socket.destroy();
    await stream.close();
  });

  it('gives the place back when somebody else has answered while the auth hook was asked', async () => {
    const stream = createEventStream({
      maxConnections: 1,
      authorize: () => new Promise((resolve) => setTimeout(() => resolve({ allow: true }), 30)),
    });
    const app = express();
    app.use('/impatient', (_request, response, next) => {
      setTimeout(() => response.status(503).end('too late'), 1);
      next();
    });
    app.all('/*any', sse(stream));
    app.use(((_error, _request, response, _next) => response.destroy()) as express.ErrorRequestHandler);
    const port = await listen(app);
    for (let n = 0; n < 3; n++) {
      const late = await openStream(`http://127.0.0.1:${port}/impatient/events`);
      expect(late.status).toBe(503);
      await late.ended;
    }
    await new Promise((resolve) => setTimeout(resolve, 60));
    const client = await openStream(`http://127.0.0.1:${port}/events`);
    expect(client.status).toBe(200);
    client.close();
    await stream.close();
  });

  it('answers 500 to what the auth hook or the choice of a stream throws, and goes on serving', async () => {
    const errors: unknown[] = [];
    const stream = createEventStream({
      authorize: () => {
        throw new Error('directory is down');
      },
    });
    const handler = nodeHandler(
      (request) => {
        if (request.url === '/none') throw new Error('no such stream');
        return stream;
      },
      { onError: (error) => errors.push(error) },
    );
    const port = await listen((request, response) => void handler(request, response));
    for (const path of ['/events', '/none']) {
      expect((await openStream(`http://127.0.0.1:${port}${path}`)).status).toBe(500);
    }
    expect(errors.map(String)).toEqual(['Error: directory is down', 'Error: no such stream']);
    await stream.close();
  });

  it.each([
    ['plain', false],
    ['compressed', true],
  ])(
    'lets a closing server close although the client of a %s stream keeps its connection',
    async (_, compressed) => {
      const stream = createEventStream();
      const app = express();
      if (compressed) app.use(compression({ threshold: 0, filter: () => true }));
      app.all('/events', sse(stream));
      const port = await listen(app);
      const server = servers[0];
      if (!server) throw new Error('no server');
      server.keepAliveTimeout = 60_000;
      const socket = connect(port, '127.0.0.1');
      socket.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => stream.stats().connections === 1);
      const closed = new Promise((resolve) => server.close(resolve));
      await stream.drain({ withinMs: 100 });
      await closed;
      socket.destroy();
      await stream.close();
    },
  );

  it.each([
    ['reads', 'closing'],
    ['does not read', 'closing'],
    ['reads', 'drained'],
    ['does not read', 'drained'],
  ])('does not leave the HTTP/2 session of a client that %s to a server that is %s', async (how, before) => {
    const stream = createEventStream();
    const server = http2.createServer(nodeHandler(stream));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const request = session.request({ ':path': '/events' });
    request.on('error', () => undefined); // cut at the deadline, where it does not read
    if (how === 'reads') request.resume();
    await once(request, 'response');
    // More than a session may send to a client that does not read.
    for (let n = 0; n < 10; n++) {
      await stream.publish('bulk', 'x'.repeat(60_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
    const closed = before === 'closing' ? close() : null;
    await stream.drain({ withinMs: 200 });
    await (closed ?? close());
    expect(session.closed).toBe(true);
    await stream.close();
  });

  it('leaves no kept connection to a drained server: its client would come back to what refuses it', async () => {
    const stream = createEventStream();
    const port = await listen(nodeHandler(stream));
    for (const server of servers) server.keepAliveTimeout = 60_000;
    const agent = new http.Agent({ keepAlive: true });
    const request = http.get({ port, path: '/events', agent });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    const { socket } = response.resume();
    await stream.drain({ withinMs: 200 });
    await until(() => socket.destroyed);
    agent.destroy();
    await stream.close();
  });

  it('flushes each event through middleware that does compress', async () => {
    const stream = createEventStream({ headers: { 'Cache-Control': 'no-cache' } });
    const app = express();
    app.use(compression({ threshold: 0, filter: () => true }));
    app.all('/events', sse(stream));
    const port = await listen(app);
    const request = http.get({ port, path: '/events', headers: { 'accept-encoding': 'gzip' }, agent: false });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    expect(response.headers['content-encoding']).toBe('gzip');
    const text = response.pipe(createGunzip()).setEncoding('utf8');
    let seen = '';
    const arrives = async (what: string) => {
      while (!seen.includes(what)) seen += (await once(text, 'data'))[0];
    };
    await arrives('stream.open');
    for (let n = 0; n < 5; n++) {
      await stream.publish('tick', { n });
      await arrives(`"data":{"n":${n}}`);
    }
    request.destroy();
    await stream.close();
  });

  it('leaves keep-alive connections usable after a stream has ended', async () => {
    const stream = createEventStream();
    const port = await listen(nodeHandler(stream));
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const get = async () => {
      const request = http.get({ port, agent });
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      return { request, response };
    };
    const first = await get();
    await stream.end();
    first.response.resume();
    await once(first.response, 'end');
    const second = await get();
    expect(second.response.statusCode).toBe(204);
    expect(second.request.reusedSocket).toBe(true);
    agent.destroy();
    await stream.close();
  });

  it('does not fail when the client is gone before the answer', async () => {
    let authorized: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      authorized = resolve;
    });
    let letIn: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      letIn = resolve;
    });
    const stream = createEventStream({
      authorize: async () => {
        authorized();
        await gate;
        return { allow: true };
      },
    });
    const handler = nodeHandler(stream);
    let handled: Promise<void> | null = null;
    const port = await listen((request, response) => {
      handled = handler(request, response);
      request.once('close', () => letIn());
    });
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n');
    await asked;
    socket.destroy();
    await gate;
    await handled;
    await new Promise((resolve) => setImmediate(resolve));
    expect(stream.stats().connections).toBe(0);
    await stream.close();
  });

  it('lets any response be written by hand, with backpressure', async () => {
    const port = await listen(async (request, response) => {
      const stream = openEventStream(request, response, { 'X-Extra': 'yes' });
      stream.comment('hello');
      for (let n = 0; n < 50; n++) {
        if (!stream.write({ event: 'token', id: String(n), data: 'x'.repeat(20_000) }))
          await stream.drained();
      }
      stream.end();
      await stream.closed;
    });
    const client = await openStream(`http://127.0.0.1:${port}/`);
    expect(client.headers).toMatchObject({ 'content-type': 'text/event-stream', 'x-extra': 'yes' });
    expect(await client.ended).toBe('end');
    expect(client.seen[0]?.comment?.trim()).toBe('hello');
    expect(client.seen.slice(1).map((frame) => frame.id)).toEqual(
      Array.from({ length: 50 }, (_, n) => String(n)),
    );
  });
});

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`never true: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
