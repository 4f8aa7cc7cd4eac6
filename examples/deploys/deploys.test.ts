import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { follow, order, startShop } from '../testing/shop.ts'; // starts server.ts

let folder: string;
const cleanups: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deploys-'));
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await rm(folder, { recursive: true, force: true });
});

async function start(port = '0') {
  const shop = await startShop(import.meta.dirname, { LOG_DIRECTORY: join(folder, 'log'), PORT: port });
  cleanups.push(() => shop.stop('SIGKILL'));
  return shop;
}

describe('docs/guides/deploys.md', () => {
  it('a client goes through a deploy without a loss, a repetition or a hot loop', async () => {
    const before = await start();
    const client = follow(`${before.origin}/`);
    cleanups.push(() => client.close());
    await vi.waitFor(() => expect(client.state).toBe('open'), 10_000);
    await order(before.origin, 'tea');
    await vi.waitFor(() => expect(client.items).toEqual(['tea']));
    expect(await before.stop('SIGTERM')).toBe(0);
    expect(client.drains).toEqual([expect.objectContaining({ body: { reason: 'shutdown' } })]);

    const after = await start(before.port);
    await order(after.origin, 'salt');
    await vi.waitFor(() => expect(client.items).toEqual(['tea', 'salt']), 20_000);
    expect(client.stats()).toMatchObject({ gaps: 0 });
  }, 60_000);
});
