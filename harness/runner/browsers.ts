import { existsSync } from 'node:fs';
import { chromium, firefox, type LaunchOptions, webkit } from '@playwright/test';

/** Browsers of the gating suite, by Playwright project. */
export type BrowserProject = 'chromium' | 'firefox' | 'webkit';

/** How a browser can be had here, or why not and what to do about it. */
export type BrowserFound =
  | {
      readonly project: BrowserProject;
      readonly available: true;
      readonly source: 'playwright' | 'system';
      readonly path: string;
      readonly channel?: string;
      readonly launchOptions: LaunchOptions;
    }
  | {
      readonly project: BrowserProject;
      readonly available: false;
      readonly reason: string;
      readonly remedy: string;
    };

/** Background traffic of a browser has no place in a test of the network. */
const QUIET_CHROMIUM = [
  '--disable-background-networking',
  '--disable-component-update',
  '--no-first-run',
  '--disable-sync',
];

/** Where distributions put the browsers that Playwright can drive without its own build. */
const SYSTEM: Readonly<Record<BrowserProject, readonly string[]>> = {
  chromium: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
  firefox: ['/usr/bin/firefox-esr', '/usr/bin/firefox'],
  webkit: [], // needs Playwright's patched build
};

/** Playwright switches the back/forward cache off; what a page lives through there is part of the suite. */
const WITH_PAGE_CACHE = ['--disable-back-forward-cache'];

const TYPES = { chromium, firefox, webkit };

/** Looks for one browser: Playwright's own build first, then the system's. */
export function findBrowser(
  project: BrowserProject,
  exists: (path: string) => boolean = existsSync,
  asRoot: boolean = process.getuid?.() === 0,
): BrowserFound {
  const pageCache = project === 'chromium' ? { ignoreDefaultArgs: WITH_PAGE_CACHE } : {};
  const own = TYPES[project].executablePath();
  const args = project === 'chromium' ? [...QUIET_CHROMIUM, ...(asRoot ? ['--no-sandbox'] : [])] : [];
  if (own && exists(own)) {
    return {
      project,
      available: true,
      source: 'playwright',
      path: own,
      launchOptions: { args, ...pageCache },
    };
  }
  const path = SYSTEM[project].find(exists);
  if (path) {
    return {
      project,
      available: true,
      source: 'system',
      path,
      // Stock Firefox is driven over WebDriver BiDi; Playwright 1.64 names that protocol by this channel.
      ...(project === 'firefox' ? { channel: 'moz-firefox' } : {}),
      launchOptions: { args, executablePath: path, ...pageCache },
    };
  }
  const system = SYSTEM[project];
  return {
    project,
    available: false,
    reason: `no Playwright build of ${project}${system.length > 0 ? ` and none of ${system.join(', ')}` : ''}`,
    remedy: `npx playwright install --with-deps ${project}`,
  };
}

/** All browsers of the gating suite, found or not. */
export function findBrowsers(): readonly BrowserFound[] {
  return (['chromium', 'firefox', 'webkit'] as const).map((project) => findBrowser(project));
}

/** One line for a person. */
export function describeBrowser(found: BrowserFound): string {
  return found.available
    ? `${found.project}: ${found.source === 'playwright' ? "Playwright's build" : 'system browser'} ${found.path}`
    : `${found.project}: absent (${found.reason}); get it with: ${found.remedy}`;
}
