/** A server that drains on SIGTERM, as its user would write it: `express` or `fastify` by argument. */
import type { AddressInfo } from 'node:net';
import express from 'express';
import Fastify from 'fastify';
import { createEventStream } from '../../server/index.ts';
import { shutdownOnSignal, sse } from '../express.ts';
import { drainOnSignal, fastifySse } from '../fastify.ts';

const stream = createEventStream({ acceptPerSecond: 20 });
const timer = setInterval(() => void stream.publish('tick', Date.now()), 20);
const say = (message: object) => process.stdout.write(`${JSON.stringify(message)}\n`);
const onClosed = () => {
  clearInterval(timer);
  say({ closed: true });
};

if (process.argv[2] === 'express') {
  const app = express();
  app.all('/events', sse(stream));
  const server = app.listen(0, '127.0.0.1', () => say({ port: (server.address() as AddressInfo).port }));
  shutdownOnSignal({ server, endpoints: [stream], withinMs: 1500, onClosed });
} else {
  const app = Fastify();
  await app.register(fastifySse, { drainWithinMs: 1500 });
  app.all('/events', { eventStream: stream }, async () => undefined);
  await app.listen({ port: 0, host: '127.0.0.1' });
  drainOnSignal(app, { onClosed });
  say({ port: (app.server.address() as AddressInfo).port });
}
