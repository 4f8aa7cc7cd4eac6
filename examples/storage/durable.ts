// examples/storage/durable.ts
import { createStreamHub } from 'sse-reliability-kit/server';
import { createDurableStore } from 'sse-reliability-kit/stores/durable';

/** One directory for all streams of a hub. */
export function createOrders(directory: string) {
  const store = createDurableStore({ directory });
  const hub = createStreamHub({
    name: 'orders',
    log: (key) => store.log(key, { maxEvents: 100_000, maxAgeMs: 7 * 24 * 3_600_000 }),
  });
  return {
    hub,
    async close() {
      await hub.close();
      await store.close();
    },
  };
}
