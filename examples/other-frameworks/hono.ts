// examples/other-frameworks/hono.ts
import { Hono } from 'hono';
import { createEventStream } from 'sse-reliability-kit/server';
import { webHandler } from 'sse-reliability-kit/web';

export const orders = createEventStream({ name: 'orders' });
const handler = webHandler(orders);

export const app = new Hono();
app.all('/orders/events', (context) => handler(context.req.raw));
app.post('/orders', async (context) => {
  const position = await orders.publish('order', await context.req.json());
  return context.json({ position }, 201);
});
