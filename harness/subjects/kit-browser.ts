import type { Page } from '@playwright/test';
import { KIT_CAPABILITIES, KIT_VERSION } from './kit/capabilities.ts';
import { pageSubject } from './page-host.ts';
import { pageLife, pageLifeCapabilities } from './page-life.ts';
import type { Subject } from './types.ts';

export interface KitBrowserOptions {
  /** A fresh page; the subject loads its own document into it. */
  readonly page: Page;
  /** For example `chromium`, the last part of the subject's name. */
  readonly browser: string;
  readonly browserVersion: string;
  /** Document with the page module inlined; it defines `globalThis.sseKitSubject`. */
  readonly html: string;
}

/** The kit's client in a page of a real browser. */
export function kitBrowser({ page, browser, browserVersion, html }: KitBrowserOptions): Subject {
  return pageSubject({
    page,
    html,
    name: `kit/${browser}`,
    version: `kit ${KIT_VERSION}, ${browser} ${browserVersion}`,
    capabilities: new Set([
      ...KIT_CAPABILITIES,
      'connection-limit',
      'page-origin',
      'tabs',
      // Firefox's fetch hands over a response with the first byte of its body and not with its head (measured with 153,
      // whatever the type, with nosniff and without; browser-facts/head-alone keeps watch over it).
      ...(browser === 'firefox' ? [] : (['early-head'] as const)),
      ...pageLifeCapabilities(browser),
    ]),
    life: pageLife({ page, html }),
  });
}
