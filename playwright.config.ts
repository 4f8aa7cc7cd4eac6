import { defineConfig, devices, type Project } from '@playwright/test';
import { type BrowserFound, findBrowsers } from './harness/runner/browsers.ts';

const DEVICES = { chromium: 'Desktop Chrome', firefox: 'Desktop Firefox', webkit: 'Desktop Safari' } as const;

// One seed decides every random choice of a run; workers inherit it through the environment.
process.env.SSE_KIT_SEED ??= String(Math.floor(Math.random() * 2 ** 31));

const BROWSER_SPECS = /(?:\.browser|browser-facts|playwright-fixtures)\.spec\.ts$/;

// Other people's software does not gate: its project exists only when it is asked for by name. The workers are told by
// the environment, since they see this file but not the command line.
if (/ --project[= ]peers( |$)/.test(process.argv.join(' '))) process.env.SSE_KIT_PEERS = '1';
const PEERS = Boolean(process.env.SSE_KIT_PEERS);
// Hundreds of short runs, each with children of its own: what counts here is how fast those start.
process.env.SSE_KIT_BUNDLE_PROGRAMS ??= '1';

/** A browser that is not here keeps its project, with one test that is skipped and says why. */
function browserProject(found: BrowserFound): Project {
  const { project: name } = found;
  if (!found.available) return { name, testMatch: /absent\.spec\.ts$/ };
  return {
    name,
    testMatch: BROWSER_SPECS,
    use: {
      ...devices[DEVICES[name]],
      launchOptions: found.launchOptions,
      ...(found.channel ? { channel: found.channel } : {}),
    },
  };
}

export default defineConfig({
  testDir: './e2e',
  outputDir: './test-results',
  globalSetup: './e2e/global-setup.ts',
  fullyParallel: true,
  workers: 2,
  // A flake is a bug to be found, not to be retried away.
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  timeout: 60_000,
  // Of what is polled for, not of what is promised: a busy machine may stall a page for seconds.
  expect: { timeout: 15_000 },
  reporter: [
    ['list'],
    ['html', { open: 'never', outputFolder: PEERS ? 'reports/peers-html' : 'playwright-report' }],
    // Read by .ci/run; outside of test-results/, which Playwright empties.
    ['json', { outputFile: PEERS ? 'reports/peers.json' : 'reports/e2e.json' }],
    ['junit', { outputFile: PEERS ? 'reports/peers.xml' : 'test-results/junit.xml' }],
    ['./e2e/report-reporter.ts'],
  ],
  projects: [
    ...findBrowsers().map(browserProject),
    { name: 'node', testMatch: /\.node\.spec\.ts$/ },
    // In a folder of its own, so that neither run empties the other's results.
    ...(PEERS ? [{ name: 'peers', testMatch: /peers\.spec\.ts$/, outputDir: './reports/peers' }] : []),
  ],
});
