// examples/observability/server.ts
import express from 'express';
import pino from 'pino';
import { Registry } from 'prom-client';
import { sse } from 'sse-reliability-kit/express';
import { logServerFacts, serverMetrics } from 'sse-reliability-kit/metrics';
import { createEventStream, type EventStream } from 'sse-reliability-kit/server';

export function createShop(logTo: pino.DestinationStream = process.stdout) {
  const registry = new Registry();
  const log = logServerFacts(pino({}, logTo));
  const measure = serverMetrics({ registry, streams: () => [orders.stats()] });
  const orders: EventStream = createEventStream({
    name: 'orders',
    observe(fact) {
      log(fact);
      measure(fact);
    },
  });

  const app = express();
  app.all('/orders/events', sse(orders));
  app.post('/orders', express.json(), async (request, response) => {
    // The trace of this request goes with the event to whoever handles it.
    const traceparent = request.get('traceparent');
    const position = await orders.publish('order', request.body, traceparent ? { traceparent } : {});
    response.status(201).json({ position });
  });
  app.get('/metrics', async (_request, response) => {
    response.type(registry.contentType).send(await registry.metrics());
  });
  app.get('/health', (_request, response) => {
    response.status(orders.draining ? 503 : 200).json(orders.stats());
  });
  return { app, orders };
}
