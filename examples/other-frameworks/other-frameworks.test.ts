import { serve as serveHono } from '@hono/node-server';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { follow, listen, order } from '../testing/shop.ts';
import { app, orders as honoOrders } from './hono.ts';
import * as route from './next-route.ts';
import { orders as plainOrders, server } from './node-http.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function tracked(url: string) {
  const client = follow(url);
  cleanups.push(() => client.close());
  return client;
}

describe('docs/guides/other-frameworks.md', () => {
  it('hono.ts delivers through Hono on Node', async () => {
    const origin = await new Promise<string>((resolve) => {
      const hono = serveHono({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
        resolve(`http://127.0.0.1:${port}`),
      );
      cleanups.push(
        () => new Promise((done) => hono.close(done)),
        () => honoOrders.close(),
      );
    });
    const client = tracked(`${origin}/orders/events`);
    await vi.waitFor(() => expect(honoOrders.stats().connections).toBe(1));
    await order(origin, 'tea');
    await vi.waitFor(() => expect(client.items).toEqual(['tea']));
  });

  it('next-route.ts answers as a route handler must', async () => {
    cleanups.push(() => route.orders.close());
    const response = await route.GET(new Request('http://shop.test/orders/events'));
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    await route.orders.publish('order', { item: 'tea' });
    let text = '';
    while (!text.includes('"item":"tea"')) text += (await reader?.read())?.value ?? '';
    expect(text).toContain('event: stream.open');
    await reader?.cancel();
    expect((await route.HEAD(new Request('http://shop.test/', { method: 'HEAD' }))).status).toBe(200);
    expect((await route.OPTIONS(new Request('http://shop.test/', { method: 'OPTIONS' }))).status).toBe(204);
  });

  it('node-http.ts delivers beside other routes', async () => {
    const origin = await listen(server);
    cleanups.push(
      () => new Promise((done) => server.close(done)),
      () => plainOrders.close(),
    );
    const client = tracked(`${origin}/orders/events`);
    await vi.waitFor(() => expect(plainOrders.stats().connections).toBe(1));
    await plainOrders.publish('order', { item: 'tea' });
    await vi.waitFor(() => expect(client.items).toEqual(['tea']));
    expect((await fetch(`${origin}/nothing`, { headers: { Connection: 'close' } })).status).toBe(404);
  });
});
