/**
 * One of many identical servers on one Redis log. `GET /stream` subscribes, `POST /publish` publishes its JSON body, on
 * whichever node; SIGTERM drains. Run two of them behind any TCP or HTTP load balancer, without sticky sessions:
 *
 *   REDIS_URL=redis://127.0.0.1:6379 PORT=3001 node --import tsx examples/two-nodes/node.ts
 *   REDIS_URL=redis://127.0.0.1:6379 PORT=3002 node --import tsx examples/two-nodes/node.ts
 */
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { nodeHandler, shutdownOnSignal } from '../../kit/adapters/node-http.ts';
import { createEventStream } from '../../kit/server/index.ts';
import { createRedisLog } from '../../kit/stores/redis.ts';

const stream = createEventStream({
  name: 'orders',
  log: createRedisLog({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379', name: 'orders' }),
  heartbeatMs: 1_000,
  retryMs: 100,
});
await stream.open();

const subscribe = nodeHandler(stream);
const server = createServer(async (request, response) => {
  if (request.method !== 'POST') return subscribe(request, response);
  try {
    const id = await stream.publish('order', await json(request));
    response.writeHead(201, { 'Content-Type': 'application/json' }).end(JSON.stringify({ id }));
  } catch (error) {
    response.writeHead(503).end(String(error));
  }
});
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' ? address?.port : address}\n`);
});

shutdownOnSignal({ server, endpoints: [stream], withinMs: 2_000, onClosed: () => void stream.close() });
