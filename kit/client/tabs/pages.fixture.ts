import { afterEach } from 'vitest';
import { VirtualClock } from '../../testing/index.ts';
import type { StreamEvent } from '../event.ts';
import type { ClientFact } from '../facts.ts';
import { FakeBrowser, FakeServer, type FakeTab, type Server } from './fake-browser.fixture.ts';
import { connectShared, type SharedConnectOptions, type SharedHandle } from './index.ts';

/** A tab with a page that reads the stream, and what it saw. */
export interface Page<Seen = string[]> {
  readonly tab: FakeTab;
  readonly stream: SharedHandle;
  readonly seen: Seen;
  readonly facts: ClientFact[];
}

/** Those of the test; closed after it. */
export const pages: Array<Page<unknown>> = [];
afterEach(async () => {
  await Promise.all(pages.splice(0).map(({ stream }) => stream.close()));
});

/**
 * Makes the function that opens pages, each in a tab of its own.
 * @param nothing what a page has seen at first; `see` adds an event to it.
 */
export function pagesOf<Seen>(
  browser: FakeBrowser,
  clock: VirtualClock,
  server: Server,
  nothing: () => Seen,
  see: (seen: Seen, event: StreamEvent) => void,
) {
  let opened = 0;
  return (options: SharedConnectOptions = {}): Page<Seen> => {
    const tab = browser.open(`tab${++opened}`, clock, server);
    const seen = nothing();
    const facts: ClientFact[] = [];
    const stream = connectShared('http://server/stream', {
      onEvent: (event) => see(seen, event),
      observe: (fact) => facts.push(fact),
      ports: tab.ports,
      retry: { baseMs: 100, maxMs: 1000 },
      ...options,
      share: { ports: tab.tabPorts, ...options.share },
    });
    const page = { tab, stream, seen, facts };
    pages.push(page);
    return page;
  };
}

/** Tabs of one browser and one server, in virtual time. */
export function world(latencyMs?: () => number) {
  const clock = new VirtualClock();
  const server = new FakeServer();
  const browser = new FakeBrowser(latencyMs);
  return {
    clock,
    server,
    browser,
    open: pagesOf<string[]>(
      browser,
      clock,
      server,
      () => [],
      (seen, { raw }) => void seen.push(raw),
    ),
    /** Time for any election, ask, retry and delivery that is under way. */
    settle: () => clock.advance(5000),
  };
}

export const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => String(from + n));
export const leaderOf = (all: readonly Page[]) => all.filter(({ stream }) => stream.role === 'leader');
export const kinds = (page: Page, ...wanted: string[]) =>
  page.facts.map(({ kind }) => kind).filter((kind) => wanted.includes(kind));
