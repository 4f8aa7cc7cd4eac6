import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from '@playwright/test';
import type { HistoryRecord } from '../history/types.ts';
import { nowMs } from '../runner/clock.ts';
import { RECORD_BINDING } from './kit/binding.ts';
import type { Capability, Elsewhere, Life, Subject, SubjectStart } from './types.ts';

/** What the page is told: `SubjectStart` as plain data. */
export type PageStart = Pick<SubjectStart, 'url' | 'stream' | 'settings' | 'seed'> & {
  readonly subject: string;
  /** Keeps its cursor in the page's storage. */
  readonly remembers?: boolean;
};

/** The page's side of the deal; the page sets it on `globalThis.sseKitSubject` before its `load` event. */
export interface PageSubject {
  /** Starts a client; several may run beside each other. */
  start(options: PageStart): void;
  metrics(subject: string): string;
  reconnect(subject: string): void;
  close(subject: string): Promise<void>;
}

export interface PageHostOptions {
  /** A fresh page; the subject loads its own document into it. */
  readonly page: Page;
  /** Document with the page module inlined; it defines `globalThis.sseKitSubject`. */
  readonly html: string;
  readonly name: string;
  readonly version: string;
  readonly capabilities: ReadonlySet<Capability>;
  /** What can happen to the page beside the network; default nothing. */
  readonly life?: Life;
  /** More for the page's `start`, as plain data. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** Path under which the document appears; same origin as the stream, so that CORS is not part of every scenario. */
const PAGE_PATH = '/__sse-kit/page';

/**
 * Any client in a page of a real browser. The document comes from Playwright's router and not over the network under
 * test: a limit of 700 bytes must hit the stream, not the page. The router is gone before the stream starts.
 */
export function pageSubject(options: PageHostOptions): Subject {
  const { page, html, name, version, capabilities, life, extra = {} } = options;
  const console: string[] = [];
  const loaded = new Map<Page, Promise<void>>();
  const load = async (page: Page, origin: string, served: boolean, record: SubjectStart['record']) => {
    page.on('console', (message) => console.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => console.push(`uncaught: ${error.message}`));
    await page.exposeFunction(RECORD_BINDING, (records: HistoryRecord[]) => records.forEach(record));
    const address = new URL(PAGE_PATH, origin).href;
    if (served) {
      await page.goto(address, { waitUntil: 'load' });
      return;
    }
    await page.route(address, (route) => route.fulfill({ contentType: 'text/html', body: html }));
    await page.goto(address, { waitUntil: 'load' });
    await page.unroute(address);
  };
  type Host = { sseKitSubject: PageSubject };
  const close = (subject: string) =>
    page.evaluate((of) => (globalThis as unknown as Host).sseKitSubject.close(of), subject);
  return {
    name,
    version,
    capabilities,
    openElsewhere: () => serveElsewhere(html),
    async start({ url, stream, settings, seed, record, cursorFile, pageOrigin, name: subject = name }) {
      // A second client of the run lives in the same page: the browser's limits are per page and host.
      const own = settings.shared === true && subject !== name;
      const tab = own ? await page.context().newPage() : page;
      const loading = loaded.get(tab) ?? load(tab, pageOrigin ?? url, pageOrigin !== undefined, record);
      loaded.set(tab, loading);
      await loading;
      const remembers = cursorFile === undefined ? {} : { remembers: true };
      const start: PageStart = { ...extra, url, stream, settings, seed, subject, ...remembers };
      await tab.evaluate((told) => (globalThis as unknown as Host).sseKitSubject.start(told), start);
      return {
        ...(life ? { life } : {}),
        metrics: () =>
          tab.evaluate((of) => (globalThis as unknown as Host).sseKitSubject.metrics(of), subject),
        screenshot: () => tab.screenshot(), // what fits the window: the whole page takes three times as long
        reconnect: () =>
          tab.evaluate((of) => (globalThis as unknown as Host).sseKitSubject.reconnect(of), subject),
        stop: () => (own ? closeTab(tab, subject, record) : close(subject)),
        log: () => console.join('\n'),
      };
    },
  };
}

/** As a person does: the page is not asked, and has no time for a farewell. From here on it is owed nothing. */
async function closeTab(tab: Page, subject: string, record: SubjectStart['record']): Promise<void> {
  if (tab.isClosed()) return;
  record({ at: nowMs(), kind: 'close', subject, cause: 'the tab was closed', final: true });
  await tab.close();
}

/**
 * Serves the document on a port of its own. Chromium's Local Network Access lets no page that came out of a router
 * reach loopback from another origin; one that came from loopback itself may.
 */
async function serveElsewhere(html: string): Promise<Elsewhere> {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    // By name: another host than the stream's 127.0.0.1, and not only another port.
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
