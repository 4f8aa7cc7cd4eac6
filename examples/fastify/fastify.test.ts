import { afterAll, describe, expect, it, vi } from 'vitest';
import { exerciseShop, follow } from '../testing/shop.ts';
import { app, hub } from './per-user.ts';

afterAll(() => app.close());

describe('docs/guides/fastify.md', () => {
  it(
    'server.ts delivers, and parts from its clients in good order on SIGTERM',
    () => exerciseShop(import.meta.dirname),
    60_000,
  );

  it('per-user.ts gives each user a stream, and app.close() ends them in good order', async () => {
    const origin = await app.listen({ port: 0, host: '127.0.0.1' });
    const ann = follow(`${origin}/users/ann/events`);
    const bob = follow(`${origin}/users/bob/events`);
    try {
      await vi.waitFor(() => expect(hub.connections).toBe(2));
      await hub.stream('ann').publish('order', { item: 'tea' });
      await vi.waitFor(() => expect(ann.items).toEqual(['tea']));
      expect(bob.items).toEqual([]);
      await app.close();
      await vi.waitFor(() => expect([ann.drains.length, bob.drains.length]).toEqual([1, 1]));
    } finally {
      await ann.close();
      await bob.close();
      await hub.close();
    }
  });
});
