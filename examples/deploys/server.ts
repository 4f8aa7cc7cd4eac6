// examples/deploys/server.ts
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { nodeHandler, shutdownOnSignal } from 'sse-reliability-kit/node-http';
import { createEventStream } from 'sse-reliability-kit/server';
import { createDurableLog } from 'sse-reliability-kit/stores/durable';

const orders = createEventStream({
  name: 'orders',
  log: createDurableLog({ directory: process.env.LOG_DIRECTORY ?? './state/orders' }), // cursors outlive the process
  acceptPerSecond: 200, // after a deploy clients come back at this rate, not all at once
  maxAgeMs: 55 * 60_000, // below the hour after which the load balancer would cut, each at a time of its own
  maxConnections: 5_000, // more get 503 and when to try again
});
await orders.open(); // a broken disk shows here, before the first request

const subscribe = nodeHandler(orders);
const server = createServer(async (request, response) => {
  if (request.method !== 'POST') return subscribe(request, response);
  response.writeHead(201).end(await orders.publish('order', await json(request)));
});
server.listen(Number(process.env.PORT ?? 3000), () => {
  console.log(`listening on ${(server.address() as AddressInfo).port}`);
});

shutdownOnSignal({
  server,
  endpoints: [orders],
  withinMs: 20_000, // below terminationGracePeriodSeconds, which is 30 by default
  onClosed: () => void orders.close(),
});
