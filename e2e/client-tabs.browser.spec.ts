import { test as base, expect, type Page } from '@playwright/test';
import { demoServers } from '../fixtures/servers/index.ts';
import { DEFAULT_SERVER, type Target } from '../harness/runner/target.ts';
import type { connectShared, SharedHandle } from '../kit/client/tabs/index.ts';
import { clientPage } from './client-page.ts';

/** Real tabs of one browser profile, on a real server. Seven of them: scenario connect/six-per-host-with-sharing. */
interface Tabs {
  readonly server: Target;
  /** Opens a tab that shares the stream. */
  readonly open: () => Promise<Page>;
  /** Opens a tab of the same origin that does nothing. */
  readonly blank: () => Promise<Page>;
}

interface TabWindow {
  readonly kit: { readonly connectShared: typeof connectShared };
  stream: SharedHandle;
  readonly seen: string[];
  readonly bad: string[];
}

for (const demo of demoServers) {
  const test = base.extend<{ tabs: Tabs }>({
    tabs: async ({ context }, use) => {
      // Seldom, so that a busy machine is not taken for a dead server.
      const server = await demo.start({ ...DEFAULT_SERVER, heartbeatMs: 5000 });
      const app = new URL('/tabs', server.url()).href;
      const html = await clientPage();
      const blank = async (): Promise<Page> => {
        const page = await context.newPage();
        await page.route(app, (route) => route.fulfill({ contentType: 'text/html', body: html }));
        await page.goto(app);
        await page.unroute(app);
        return page;
      };
      try {
        await use({
          server,
          blank,
          open: async () => {
            const page = await blank();
            await page.evaluate(share);
            await page.waitForFunction(() => (window as unknown as TabWindow).stream.state === 'open');
            return page;
          },
        });
      } finally {
        await server.stop();
      }
    },
  });

  test.describe(`tab sharing on ${demo.name}`, () => {
    test('keeps one connection for all tabs; the leader is closed mid-stream, and no tab loses or repeats an event', async ({
      tabs: { server, open },
    }) => {
      const pages = [await open(), await open(), await open()];
      await expect.poll(() => connections(server)).toEqual({ active: 1, opened: 1 });
      const expected = await publish(server, 0, 50);
      for (const page of pages) await expect.poll(() => seen(page)).toEqual(expected);

      const roles = await Promise.all(
        pages.map((page) => page.evaluate(() => (window as unknown as TabWindow).stream.role)),
      );
      expect(roles.toSorted()).toEqual(['follower', 'follower', 'leader']);
      const leader = pages[roles.indexOf('leader')];
      const others = pages.filter((page) => page !== leader);
      let publishing = true;
      const more = (async () => {
        for (let n = 50; publishing || n < 300; n += 5) expected.push(...(await publish(server, n, 5)));
      })();
      await expect.poll(async () => (await seen(others[0])).length).toBeGreaterThan(60);
      await leader?.close();
      publishing = false;
      await more;

      for (const page of others) {
        await expect.poll(() => seen(page)).toEqual(expected);
        expect(await page.evaluate(() => (window as unknown as TabWindow).bad)).toEqual([]);
      }
      await expect.poll(() => connections(server)).toEqual({ active: 1, opened: 2 });
      const last = await others[0]?.evaluate(() => (window as unknown as TabWindow).stream.stats().cursor);
      expect(last).toBe(expected.at(-1));
    });

    test('hands over when the leader goes to another page', async ({ tabs: { server, open } }) => {
      const [leader, other] = [await open(), await open()];
      const expected = await publish(server, 0, 10);
      await expect.poll(() => seen(other)).toEqual(expected);
      await leader.goto('about:blank');
      expected.push(...(await publish(server, 10, 10)));
      await expect.poll(() => seen(other)).toEqual(expected);
      expect(await role(other)).toBe('leader');
      await expect.poll(() => connections(server)).toMatchObject({ active: 1 });
    });

    // No headless page can really be frozen, so the leader is only told; kit/client/tabs has pages that stand still.
    test('hands over when the leader is about to be frozen, and has it back as a follower', async ({
      tabs: { server, open },
    }) => {
      const [leader, other] = [await open(), await open()];
      const expected = await publish(server, 0, 10);
      await expect.poll(() => seen(leader)).toEqual(expected);
      await leader.evaluate(() => document.dispatchEvent(new Event('freeze')));
      await expect.poll(() => role(other)).toBe('leader');
      expected.push(...(await publish(server, 10, 10)));
      for (const page of [other, leader]) await expect.poll(() => seen(page)).toEqual(expected);
      expect(await role(leader)).toBe('follower');
      await expect.poll(() => connections(server)).toMatchObject({ active: 1 });
    });
  });
}

/** Runs in the page. */
function share(): void {
  const tab = window as unknown as TabWindow;
  Object.assign(window, { seen: [], bad: [] });
  tab.stream = tab.kit.connectShared('/stream', {
    onEvent: ({ id }) => void tab.seen.push(String(id)),
    onDuplicate: ({ id }) => void tab.bad.push(`duplicate ${id}`),
    onGap: ({ after }) => void tab.bad.push(`gap after ${after}`),
    onCannotResume: ({ reason }) => void tab.bad.push(`cannot resume: ${reason}`),
  });
}

function seen(page: Page | undefined): Promise<string[]> {
  if (!page) throw new Error('there is no such tab');
  return page.evaluate(() => (window as unknown as TabWindow).seen);
}

function role(page: Page): Promise<string> {
  return page.evaluate(() => (window as unknown as TabWindow).stream.role);
}

async function publish(server: Target, from: number, count: number): Promise<string[]> {
  const events = Array.from({ length: count }, (_, n) => ({ type: 'tick', data: { n: from + n } }));
  return (await server.publish(events)).map(({ id }) => id);
}

async function connections(server: Target): Promise<{ active: number; opened: number }> {
  const text = await server.metricsText();
  const sum = (name: string): number =>
    [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\d+)$`, 'gm'))].reduce(
      (all, [, n]) => all + Number(n),
      0,
    );
  return { active: sum('sse_server_connections_active'), opened: sum('sse_server_connections_opened_total') };
}
