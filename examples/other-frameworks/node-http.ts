// examples/other-frameworks/node-http.ts
import { createServer } from 'node:http';
import { nodeHandler } from 'sse-reliability-kit/node-http';
import { createEventStream } from 'sse-reliability-kit/server';

export const orders = createEventStream({ name: 'orders' });
const subscribe = nodeHandler(orders);

export const server = createServer((request, response) => {
  if (request.url?.startsWith('/orders/events')) void subscribe(request, response);
  else response.writeHead(404).end();
});
