// examples/express/server.ts
import type { AddressInfo } from 'node:net';
import express from 'express';
import { shutdownOnSignal, sse } from 'sse-reliability-kit/express';
import { createEventStream } from 'sse-reliability-kit/server';

const orders = createEventStream({ name: 'orders' });

const app = express();
app.all('/orders/events', sse(orders));
app.post('/orders', express.json(), async (request, response) => {
  const position = await orders.publish('order', request.body);
  response.status(201).json({ position });
});

const server = app.listen(Number(process.env.PORT ?? 3000), () => {
  console.log(`listening on ${(server.address() as AddressInfo).port}`);
});
shutdownOnSignal({ server, endpoints: [orders], onClosed: () => void orders.close() });
