import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fastifySSE } from '@fastify/sse';
import { createChannel, createSession } from 'better-sse';
import fastify, { type FastifyReply } from 'fastify';

/** One server under measurement. */
export interface Contender {
  readonly port: number;
  publish(payload: object): Promise<void>;
}

const HEAD = { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' };

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1', 4096);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function frame(payload: object): Buffer {
  return Buffer.from(`event: tick\ndata: ${JSON.stringify(payload)}\n\n`);
}

/** The yardstick: encode once, `res.write` the shared Buffer to every response. No ids, no replay, no limits. */
async function plain(): Promise<Contender> {
  const open = new Set<ServerResponse>();
  const server = createServer((_req, res) => {
    res.writeHead(200, HEAD);
    res.write(': open\n\n');
    open.add(res);
    res.on('close', () => open.delete(res));
  });
  const port = await listen(server);
  return {
    port,
    publish(payload) {
      const bytes = frame(payload);
      for (const res of open) res.write(bytes);
      return Promise.resolve();
    },
  };
}

/** The floor: one write of a pre-framed chunk to the socket per connection, past node:http altogether. */
async function floor(): Promise<Contender> {
  const open = new Set<NonNullable<ServerResponse['socket']>>();
  const server = createServer((req: IncomingMessage, res) => {
    res.writeHead(200, HEAD);
    res.write(': open\n\n');
    open.add(req.socket);
    res.on('close', () => open.delete(req.socket));
  });
  const port = await listen(server);
  return {
    port,
    publish(payload) {
      const bytes = frame(payload);
      const chunk = Buffer.concat([
        Buffer.from(`${bytes.length.toString(16)}\r\n`),
        bytes,
        Buffer.from('\r\n'),
      ]);
      for (const socket of open) socket.write(chunk);
      return Promise.resolve();
    },
  };
}

async function betterSse(): Promise<Contender> {
  const channel = createChannel();
  const server = createServer(async (req, res) => {
    const session = await createSession(req, res, { keepAlive: null });
    channel.register(session);
    session.push('open', 'open');
  });
  const port = await listen(server);
  return {
    port,
    publish(payload) {
      channel.broadcast(payload, 'tick');
      return Promise.resolve();
    },
  };
}

async function fastifySsePlugin(): Promise<Contender> {
  const app = fastify();
  await app.register(fastifySSE, { heartbeatInterval: 0 });
  const open = new Set<FastifyReply>();
  app.get('/events', { sse: true }, async (_request, reply) => {
    reply.sse.keepAlive();
    await reply.sse.send({ event: 'open', data: 'open' });
    open.add(reply);
    reply.sse.onClose(() => open.delete(reply));
  });
  await app.listen({ port: 0, host: '127.0.0.1', backlog: 4096 });
  return {
    port: (app.server.address() as AddressInfo).port,
    async publish(payload) {
      await Promise.all([...open].map((reply) => reply.sse.send({ event: 'tick', data: payload })));
    },
  };
}

async function kit(): Promise<Contender> {
  const { createEventStream, createMemoryLog } = await import('../../kit/server/index.ts');
  const { nodeHandler } = await import('../../kit/adapters/node-http.ts');
  const stream = createEventStream({
    name: 'bench',
    envelope: 'bare',
    log: createMemoryLog({ maxEvents: 10_000 }),
  });
  const port = await listen(createServer(nodeHandler(stream)));
  return {
    port,
    async publish(payload) {
      await stream.publish('tick', payload);
    },
  };
}

const CONTENDERS: Readonly<Record<string, () => Promise<Contender>>> = {
  plain,
  floor,
  kit,
  'better-sse': betterSse,
  '@fastify/sse': fastifySsePlugin,
};

/** Starts the contender called `name`. */
export function createContender(name: string): Promise<Contender> {
  const create = CONTENDERS[name];
  if (!create)
    throw new Error(`no contender ${JSON.stringify(name)}; there are: ${Object.keys(CONTENDERS).join(', ')}`);
  return create();
}
