// examples/llm-tokens/server.ts
import express from 'express';
import { sse } from 'sse-reliability-kit/express';
import { createStreamHub } from 'sse-reliability-kit/server';

/** Calls your model. */
export type Generate = (prompt: string) => AsyncIterable<string>;

export function createChat(generate: Generate) {
  const hub = createStreamHub({
    name: 'generations',
    envelope: 'bare', // `data:` is the token and nothing else
    freshFrom: 'oldest', // who comes late gets the answer from its beginning
    methods: ['GET', 'POST'],
    idleMs: 10 * 60_000, // answers can be read again for ten minutes
  });
  const running = new Set<string>();

  async function run(generation: string, prompt: string) {
    const answer = hub.stream(generation);
    try {
      for await (const token of generate(prompt)) await answer.publish('token', token);
    } catch (error) {
      await answer.publish('failed', String(error));
    }
    await answer.end(); // clients get what is left, and stop
    running.delete(generation);
  }

  const app = express();
  app.use(express.json());
  app.all('/generations/:generation', (request, response, next) => {
    const { generation } = request.params;
    const known = running.has(generation) || hub.keys().includes(generation);
    if (!known) {
      // A reconnect sends the same POST again, with a cursor: it must never ask the model a second time.
      if (request.method !== 'POST' || request.get('Last-Event-ID')) return response.sendStatus(404);
      running.add(generation);
      void run(generation, String(request.body.prompt));
    }
    return sse(hub.stream(generation))(request, response, next);
  });
  return { app, hub };
}
