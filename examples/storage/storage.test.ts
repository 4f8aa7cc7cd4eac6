import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeHandler } from 'sse-reliability-kit/node-http';
import type { StreamEndpoint } from 'sse-reliability-kit/server';
import { afterEach, describe, expect, it } from 'vitest';
import { startRedis } from '../../harness/services/redis-server.ts';
import { serve } from '../testing/serve.ts';
import { createOrders as createDurableOrders } from './durable.ts';
import { prices } from './memory.ts';
import { createOrders as createRedisOrders } from './redis.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** How a server answers a cursor: `ok`, or `gap; reason=…`. */
async function resume(endpoint: StreamEndpoint, cursor: string): Promise<string | null> {
  const served = await serve(nodeHandler(endpoint));
  const response = await fetch(served.origin, { headers: { 'Last-Event-ID': cursor } });
  await response.body?.cancel();
  await served.close();
  return response.headers.get('stream-resume');
}

describe('docs/guides/storage.md', () => {
  it('memory.ts keeps what its bounds say, and announces what it does not', async () => {
    cleanups.push(() => prices.close());
    const first = await prices.publish('price', 1);
    const second = await prices.publish('price', 2);
    expect(await resume(prices, first)).toBe('ok');
    for (let n = 0; n < 10_000; n++) await prices.publish('price', n);
    expect(await resume(prices, second)).toBe('ok');
    expect(await resume(prices, first)).toBe('gap; reason=expired');
  });

  it('durable.ts knows its cursors after a restart', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'storage-'));
    cleanups.push(() => rm(directory, { recursive: true, force: true }));
    const before = createDurableOrders(directory);
    const cursor = await before.hub.stream('ann').publish('order', { item: 'tea' });
    await before.close();
    const after = createDurableOrders(directory);
    cleanups.push(() => after.close());
    expect(await resume(after.hub.stream('ann'), cursor)).toBe('ok');
  });

  it('redis.ts knows at one server the cursors of another', async () => {
    const redis = await startRedis();
    cleanups.push(() => redis.dispose());
    const [a, b] = [createRedisOrders(redis.url), createRedisOrders(redis.url)];
    cleanups.push(
      () => a.close(),
      () => b.close(),
    );
    const cursor = await a.hub.stream('ann').publish('order', { item: 'tea' });
    await b.hub.stream('ann').publish('order', { item: 'salt' });
    expect(await resume(b.hub.stream('ann'), cursor)).toBe('ok');
  });
});
