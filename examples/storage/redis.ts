// examples/storage/redis.ts
import { createStreamHub } from 'sse-reliability-kit/server';
import { createRedisStore } from 'sse-reliability-kit/stores/redis';

/** Any number of servers with the same Redis: publish on one, subscribe on another, come back at a third. */
export function createOrders(url: string) {
  const store = createRedisStore({ url, prefix: 'shop:' });
  const hub = createStreamHub({
    name: 'orders',
    log: (key) => store.log(key, { maxEvents: 100_000 }),
  });
  return {
    hub,
    async close() {
      await hub.close();
      await store.close();
    },
  };
}
