import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Served, serve } from '../testing/serve.ts';
import { metrics, reportMetrics, showOrders } from './browser.ts';
import { followOrders, registry } from './client.ts';
import { createShop } from './server.ts';

/** pino lines, parsed. */
function lines() {
  const seen: Record<string, unknown>[] = [];
  return { seen, write: (line: string) => void seen.push(JSON.parse(line)) };
}

const SUBSCRIBER = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

let serverLog: ReturnType<typeof lines>;
let shop: ReturnType<typeof createShop>;
let served: Served;
const cleanups: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  serverLog = lines();
  shop = createShop(serverLog);
  served = await serve(shop.app);
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
  await shop.orders.close();
  await served.close();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const order = () =>
  fetch(`${served.origin}/orders`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', traceparent: TRACEPARENT },
    body: '{"item":"tea"}',
  });

describe('docs/guides/observability.md', () => {
  it('server.ts and client.ts log with the same ids, and the trace of a publication reaches the handler', async () => {
    const clientLog = lines();
    const shipped: unknown[] = [];
    const ship = async (...args: unknown[]) => void shipped.push(args);
    const client = followOrders(
      `${served.origin}/orders/events`,
      { current: () => `00-${SUBSCRIBER}-00f067aa0ba902b7-01` },
      ship,
      clientLog,
    );
    cleanups.push(() => client.close());
    await vi.waitFor(() => expect(shop.orders.stats().connections).toBe(1));
    expect((await order()).status).toBe(201);
    await vi.waitFor(() => expect(shipped).toEqual([[{ item: 'tea' }, TRACEPARENT]]));
    await client.close();
    const atServer = serverLog.seen.find(({ fact }) => fact === 'connection-opened');
    const atClient = clientLog.seen.find(({ fact }) => fact === 'open');
    expect(atServer?.connection).toBeTypeOf('string');
    expect(atServer?.traceId).toBe(SUBSCRIBER);
    for (const id of ['stream', 'connection']) expect(atClient?.[id], id).toBe(atServer?.[id]);
    expect(await registry.metrics()).toContain('sse_client_events_processed_total 1');
  });

  it('server.ts serves metrics and health', async () => {
    await order();
    const scraped = await (await fetch(`${served.origin}/metrics`)).text();
    expect(scraped).toContain('sse_server_published_total 1');
    expect(scraped).toContain('sse_server_connections_active 0');
    expect((await fetch(`${served.origin}/health`)).status).toBe(200);
    await shop.orders.drain({ withinMs: 100 });
    expect((await fetch(`${served.origin}/health`)).status).toBe(503);
  });

  it('browser.ts counts, logs to the console, and sends its numbers when the page goes', async () => {
    const info = vi.spyOn(console, 'info').mockImplementation(() => undefined);
    const page = new EventTarget();
    const sendBeacon = vi.fn();
    vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
    vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
    vi.stubGlobal('navigator', { sendBeacon });
    reportMetrics('/metrics/page');
    const shown: unknown[] = [];
    const client = showOrders(`${served.origin}/orders/events`, (item) => shown.push(item));
    cleanups.push(() => client.close());
    await vi.waitFor(() => expect(shop.orders.stats().connections).toBe(1));
    await order();
    await vi.waitFor(() => expect(shown).toEqual([{ item: 'tea' }]));
    await vi.waitFor(() =>
      expect(metrics.snapshot().counters.sse_client_events_processed_total).toEqual({ '': 1 }),
    );
    expect(info.mock.calls.map(([message]) => message)).toContain('sse open');
    page.dispatchEvent(new Event('pagehide'));
    expect(sendBeacon.mock.calls).toEqual([
      ['/metrics/page', expect.stringContaining('sse_client_events_processed_total 1')],
    ]);
  });
});
