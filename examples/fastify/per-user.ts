// examples/fastify/per-user.ts
import Fastify from 'fastify';
import { fastifySse } from 'sse-reliability-kit/fastify';
import { createStreamHub } from 'sse-reliability-kit/server';

export const hub = createStreamHub({ name: 'users', idleMs: 60_000 });

export const app = Fastify({ forceCloseConnections: false, return503OnClosing: false });
await app.register(fastifySse);
app.get<{ Params: { user: string } }>('/users/:user/events', async (request, reply) => {
  return reply.eventStream(hub.stream(request.params.user));
});
