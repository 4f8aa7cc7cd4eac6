import { once } from 'node:events';
import { join } from 'node:path';
import { connect, type StreamHandle } from 'sse-reliability-kit/client/node';
import { expect, vi } from 'vitest';
import { startProgram } from './program.ts';

/** Sends an order to the servers of the guides. */
export async function order(origin: string, item: string): Promise<void> {
  const response = await fetch(`${origin}/orders`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Connection: 'close' },
    body: JSON.stringify({ item }),
  });
  expect(response.status).toBe(201);
  await response.arrayBuffer();
}

/** Follows orders, and collects their items. */
export function follow(
  url: string,
): StreamHandle<{ order: { item: string } }> & { readonly items: string[]; readonly drains: unknown[] } {
  const items: string[] = [];
  const drains: unknown[] = [];
  const handle = connect<{ order: { item: string } }>(url, {
    retry: 'aggressive',
    onEvent: ({ data }) => items.push(data.item),
    onControl: ({ frame }) => void (frame.type === 'stream.drain' && drains.push(frame)),
  });
  return Object.assign(handle, { items, drains });
}

/** Starts a server of the guides on a free port (or the one given), waits until it listens. */
export async function startShop(folder: string, env: Readonly<Record<string, string>> = {}) {
  const program = startProgram(join(folder, 'server.ts'), { PORT: '0', ...env });
  const [, port = ''] = await program.line(/^listening on (\d+)$/);
  return { ...program, port, origin: `http://127.0.0.1:${port}` };
}

/** Everything a framework guide promises of its server: it delivers, and on SIGTERM it parts in good order. */
export async function exerciseShop(folder: string): Promise<void> {
  const shop = await startShop(folder);
  const client = follow(`${shop.origin}/orders/events`);
  try {
    await vi.waitFor(() => expect(client.state).toBe('open'), 10_000);
    await order(shop.origin, 'tea');
    await order(shop.origin, 'salt');
    await vi.waitFor(() => expect(client.items).toEqual(['tea', 'salt']), 10_000);
    expect(await shop.stop('SIGTERM')).toBe(0);
    expect(client.drains).toEqual([expect.objectContaining({ body: { reason: 'shutdown' } })]);
  } finally {
    await client.close();
    await shop.stop('SIGKILL');
  }
}

/** Listens on a free port. */
export async function listen(server: import('node:http').Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}
