import { describe, expect, it } from 'vitest';
import { describeBrowser, findBrowser } from './browsers.ts';

const only =
  (...paths: string[]) =>
  (path: string) =>
    paths.includes(path);

describe('the browser search', () => {
  it("takes the system's Chromium, without a sandbox only for root", () => {
    const root = findBrowser('chromium', only('/usr/bin/chromium'), true);
    expect(root).toMatchObject({ available: true, source: 'system', path: '/usr/bin/chromium' });
    expect(root.available && root.launchOptions.args).toContain('--no-sandbox');
    const user = findBrowser('chromium', only('/usr/bin/chromium'), false);
    expect(user.available && user.launchOptions.args).not.toContain('--no-sandbox');
  });

  it("drives the system's Firefox through BiDi", () => {
    expect(findBrowser('firefox', only('/usr/bin/firefox-esr'))).toMatchObject({ channel: 'moz-firefox' });
  });

  it("prefers Playwright's own build", () => {
    expect(findBrowser('firefox', () => true)).toMatchObject({ source: 'playwright' });
  });

  it('says what is missing and how to get it', () => {
    const line = describeBrowser(findBrowser('webkit', () => false));
    expect(line).toBe(
      'webkit: absent (no Playwright build of webkit); get it with: npx playwright install --with-deps webkit',
    );
  });
});
