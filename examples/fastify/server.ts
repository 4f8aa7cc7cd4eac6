// examples/fastify/server.ts
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { drainOnSignal, fastifySse } from 'sse-reliability-kit/fastify';
import { createEventStream } from 'sse-reliability-kit/server';

const orders = createEventStream({ name: 'orders' });

const app = Fastify({ forceCloseConnections: false, return503OnClosing: false });
await app.register(fastifySse, { drainWithinMs: 10_000 });
app.get('/orders/events', { eventStream: orders }, async () => undefined);
app.post('/orders', async (request, reply) => {
  const position = await orders.publish('order', request.body);
  return reply.code(201).send({ position });
});

await app.listen({ port: Number(process.env.PORT ?? 3000) });
console.log(`listening on ${(app.server.address() as AddressInfo).port}`);
drainOnSignal(app, { onClosed: () => void orders.close() });
