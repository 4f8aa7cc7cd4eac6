import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Served, serve } from '../testing/serve.ts';
import { exerciseShop, follow } from '../testing/shop.ts';
import { app, hub } from './per-user.ts';

describe('docs/guides/express.md', () => {
  it(
    'server.ts delivers, and parts from its clients in good order on SIGTERM',
    () => exerciseShop(import.meta.dirname),
    60_000,
  );

  describe('per-user.ts', () => {
    let served: Served;
    let clients: ReturnType<typeof follow>[] = [];

    beforeEach(async () => {
      served = await serve(app);
    });

    afterEach(async () => {
      for (const client of clients) await client.close();
      clients = [];
      await hub.close();
      await served.close();
    });

    it('gives each user a stream, and several streams on one connection, behind compression', async () => {
      const of = (path: string) => {
        const client = follow(`${served.origin}${path}`);
        clients.push(client);
        return client;
      };
      const ann = of('/users/ann/events');
      const bob = of('/users/bob/events');
      const both = of('/events?topic=ann&topic=bob');
      await vi.waitFor(() => expect(hub.connections).toBe(3));
      await hub.stream('ann').publish('order', { item: 'tea' });
      await hub.stream('bob').publish('order', { item: 'salt' });
      await vi.waitFor(() =>
        expect([ann.items, bob.items, both.items.toSorted()]).toEqual([['tea'], ['salt'], ['salt', 'tea']]),
      );
    });
  });
});
