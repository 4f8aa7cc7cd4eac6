import { afterEach } from 'vitest';
import { VirtualClock } from '../../testing/index.ts';
import type { ClientFact } from '../facts.ts';
import { FakeBrowser, FakeServer, type FakeTab } from './fake-browser.fixture.ts';
import { connectShared, type SharedConnectOptions, type SharedHandle } from './index.ts';

/** A tab with a page that reads the stream. */
export interface Page {
  readonly tab: FakeTab;
  readonly stream: SharedHandle;
  readonly seen: string[];
  readonly facts: ClientFact[];
}

/** Those of the test; closed after it. */
export const pages: Page[] = [];
afterEach(async () => {
  await Promise.all(pages.splice(0).map(({ stream }) => stream.close()));
});

/** Tabs of one browser and one server, in virtual time. */
export function world(latencyMs?: () => number) {
  const clock = new VirtualClock();
  const server = new FakeServer();
  const browser = new FakeBrowser(latencyMs);
  let opened = 0;
  return {
    clock,
    server,
    browser,
    open(options: SharedConnectOptions = {}): Page {
      const tab = browser.open(`tab${++opened}`, clock, server);
      const seen: string[] = [];
      const facts: ClientFact[] = [];
      const stream = connectShared('http://server/stream', {
        onEvent: ({ raw }) => void seen.push(raw),
        observe: (fact) => facts.push(fact),
        ports: tab.ports,
        retry: { baseMs: 100, maxMs: 1000 },
        ...options,
        share: { ports: tab.tabPorts, ...options.share },
      });
      const page = { tab, stream, seen, facts };
      pages.push(page);
      return page;
    },
    /** Time for any election, ask, retry and delivery that is under way. */
    settle: () => clock.advance(5000),
  };
}

export const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => String(from + n));
export const leaderOf = (all: readonly Page[]) => all.filter(({ stream }) => stream.role === 'leader');
export const kinds = (page: Page, ...wanted: string[]) =>
  page.facts.map(({ kind }) => kind).filter((kind) => wanted.includes(kind));
