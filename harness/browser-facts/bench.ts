import type { Page } from '@playwright/test';
import { SseKitError } from '../../kit/protocol/index.ts';
import { now, type RawServer, startRawServer } from './raw-server.ts';

/** What the page's EventSource said. */
export interface PageEvent {
  readonly kind: 'open' | 'error' | 'message' | 'named';
  /** Unix ms, when the harness heard of it. */
  readonly at: number;
  readonly readyState: number;
  readonly data: string;
  readonly lastEventId: string;
}

/** One native EventSource and the raw server it reads. */
export interface Bench {
  readonly page: Page;
  readonly server: RawServer;
  readonly events: readonly PageEvent[];
  /** Makes the EventSource; events of the name `named` are listened to as well. */
  open(): Promise<void>;
  /**
   * Resolves when `holds`, checked at each request and event.
   * @throws SseKitError `ERR_FACT_TIMEOUT` after `withinMs`, default 15,000.
   */
  until(what: string, holds: () => boolean, withinMs?: number): Promise<void>;
  close(): Promise<void>;
}

const STREAM = '/stream';
const BINDING = '__browserFact';
const CLOSED = 2;

export async function openBench(page: Page): Promise<Bench> {
  const events: PageEvent[] = [];
  const waits = new Set<() => void>();
  const changed = () => {
    for (const check of waits) check();
  };
  const server = await startRawServer(STREAM, changed);
  const address = `${server.origin}/page`;
  await page.exposeFunction(BINDING, (event: Omit<PageEvent, 'at'>) => {
    events.push({ ...event, at: now() });
    changed();
  });
  // The document does not come over the network, so that the server's log holds the stream's requests and no others.
  await page.route(address, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><link rel="icon" href="data:,">' }),
  );
  await page.goto(address);
  await page.unroute(address);
  return {
    page,
    server,
    events,
    open: () =>
      page.evaluate(
        ([path, binding]) => {
          const host = globalThis as unknown as Record<string, (event: object) => void> & {
            source: EventSource;
          };
          const source = new EventSource(path);
          host.source = source;
          const tell = (kind: string) => (event: Event) => {
            const { data = '', lastEventId = '' } = event as MessageEvent<string>;
            host[binding]?.({ kind, readyState: source.readyState, data, lastEventId });
          };
          source.onopen = tell('open');
          source.onerror = tell('error');
          source.onmessage = tell('message');
          source.addEventListener('named', tell('named'));
        },
        [STREAM, BINDING] as const,
      ),
    until: (what, holds, withinMs = 15_000) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (!holds()) return;
          clearTimeout(timer);
          waits.delete(check);
          resolve();
        };
        const timer = setTimeout(() => {
          waits.delete(check);
          reject(new SseKitError('ERR_FACT_TIMEOUT', `waited ${withinMs} ms in vain until ${what}`));
        }, withinMs);
        waits.add(check);
        check();
      }),
    close: server.close,
  };
}

/** Whether the browser has given the stream up. */
export function isClosedForGood({ events }: Bench): boolean {
  return events.some(({ kind, readyState }) => kind === 'error' && readyState === CLOSED);
}
