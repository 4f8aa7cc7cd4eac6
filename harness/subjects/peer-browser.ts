import type { Page } from '@playwright/test';
import { pageSubject } from './page-host.ts';
import { claimsOf, versionOf } from './peers/claims.ts';
import { peerPage } from './peers/page-html.ts';
import type { Subject } from './types.ts';

/** Clients of `peers/page-agent.ts`; `native` is the browser's own EventSource. */
export const BROWSER_PEERS = ['native', '@microsoft/fetch-event-source', 'reconnecting-eventsource'] as const;

export interface PeerBrowserOptions {
  readonly peer: (typeof BROWSER_PEERS)[number];
  /** A fresh page. */
  readonly page: Page;
  readonly browser: string;
  readonly browserVersion: string;
}

/** Another project's client, or the browser's own, in a page of a real browser. */
export async function peerBrowser(options: PeerBrowserOptions): Promise<Subject> {
  const { peer, page, browser, browserVersion } = options;
  const where = `${browser} ${browserVersion}`;
  return pageSubject({
    page,
    html: await peerPage(),
    name: `${peer}/${browser}`,
    version: peer === 'native' ? where : `${peer} ${versionOf(peer)}, ${where}`,
    capabilities: new Set(claimsOf(peer)),
    extra: { peer },
  });
}
