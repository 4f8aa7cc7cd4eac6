// examples/readme/server.ts
import express from 'express';
import { shutdownOnSignal, sse } from 'sse-reliability-kit/express';
import { createEventStream } from 'sse-reliability-kit/server';

export const orders = createEventStream({ name: 'orders' });

const app = express();
app.all('/orders', sse(orders));
export const server = app.listen(Number(process.env.PORT ?? 3000));
shutdownOnSignal({ server, endpoints: [orders] }); // SIGTERM: clients return spread over time, not together

await orders.publish('order.created', { id: 1 });
