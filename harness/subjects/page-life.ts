import type { CDPSession, Page } from '@playwright/test';
import type { Capability, Life } from './types.ts';

/** Another page of the same origin, to go to and come back from. It says where its icon is: nobody is to ask for one. */
const ELSEWHERE = '<!doctype html><link rel="icon" href="data:,"><title>elsewhere</title>';

export interface PageLifeOptions {
  readonly page: Page;
  /** The document of the page, for when it is loaded again. */
  readonly html: string;
}

/** What can happen to a page in its life that is not the network's doing, as far as the browser lets itself be told. @param browser `chromium`, `firefox` or `webkit`. */
export function pageLifeCapabilities(browser: string): readonly Capability[] {
  // Only Chromium can be made to stop a page, and only there has Playwright a switch for the back/forward cache.
  return ['offline', 'reload', ...(browser === 'chromium' ? (['sleep', 'page-cache'] as const) : [])];
}

/** Makes the life of a page. Its documents come from Playwright's router and never over the network under test. */
export function pageLife({ page, html }: PageLifeOptions): Life {
  let cdp: CDPSession | undefined;
  const routed = async <T>(path: string, body: string, act: (address: string) => Promise<T>): Promise<T> => {
    const address = new URL(path, page.url()).href;
    await page.route(address, (route) => route.fulfill({ contentType: 'text/html', body }));
    try {
      return await act(address);
    } finally {
      await page.unroute(address);
    }
  };
  return {
    /*
     * `Page.setWebLifecycleState` does nothing in a headless Chromium whose page is visible (measured with 156: timers
     * go on). A pause of the debugger stops all script of the page, timers and network callbacks included.
     */
    sleep: async () => {
      cdp ??= await page.context().newCDPSession(page);
      await cdp.send('Debugger.enable');
      const session = cdp;
      const paused = new Promise<{ reason: string }>((resolve) => session.once('Debugger.paused', resolve));
      await cdp.send('Debugger.pause');
      return { stopped: 'all script of the page', reason: (await paused).reason };
    },
    wake: async () => {
      await cdp?.send('Debugger.resume');
      await cdp?.send('Debugger.disable');
    },
    offline: async (offline) => {
      await page.context().setOffline(offline);
      return { 'navigator.onLine': await page.evaluate(() => navigator.onLine) };
    },
    reload: () =>
      routed(page.url(), html, async () => {
        await page.reload({ waitUntil: 'load' });
        const [entry] = await page.evaluate(() => performance.getEntriesByType('navigation'));
        return { navigation: (entry as { type?: string } | undefined)?.type };
      }),
    leave: async () => {
      await page.evaluate(() => {
        addEventListener('pageshow', ({ persisted }) => {
          (globalThis as { sseKitPersisted?: boolean }).sseKitPersisted = persisted;
        });
      });
      await routed('/__sse-kit/elsewhere', ELSEWHERE, (address) => page.goto(address));
    },
    comeBack: async () => {
      // A page out of the cache does not load again, so there is no `load` to wait for.
      await page.goBack({ waitUntil: 'commit' });
      await page.waitForFunction(() => 'sseKitSubject' in globalThis);
      const persisted = await page.evaluate(
        () => (globalThis as { sseKitPersisted?: boolean }).sseKitPersisted === true,
      );
      return persisted ? { 'pageshow.persisted': true } : null;
    },
  };
}
