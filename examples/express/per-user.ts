// examples/express/per-user.ts
import compression from 'compression';
import express from 'express';
import { sse } from 'sse-reliability-kit/express';
import { createStreamHub, requestedTopics } from 'sse-reliability-kit/server';

export const hub = createStreamHub({ name: 'users', idleMs: 60_000 });

export const app = express();
app.use(compression());
app.all(
  '/users/:user/events',
  sse((request) => hub.stream(String(request.params.user))),
);
// Several streams on one connection, since browsers open six per host: /events?topic=ann&topic=all
app.all(
  '/events',
  sse((request) => hub.streams(requestedTopics(request))),
);
