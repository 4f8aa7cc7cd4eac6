import { defineConfig, devices, type Project } from '@playwright/test';
import { type BrowserFound, findBrowsers } from './harness/runner/browsers.ts';

const DEVICES = { chromium: 'Desktop Chrome', firefox: 'Desktop Firefox', webkit: 'Desktop Safari' } as const;

// One seed decides every random choice of a run; workers inherit it through the environment.
process.env.SSE_KIT_SEED ??= String(Math.floor(Math.random() * 2 ** 31));

const BROWSER_SPECS = /(?:\.browser|playwright-fixtures)\.spec\.ts$/;

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
  reporter: [
    ['list'],
    ['html', { open: 'never', outputFolder: 'playwright-report' }],
    // Read by .ci/run; outside of test-results/, which Playwright empties.
    ['json', { outputFile: 'reports/e2e.json' }],
    ['junit', { outputFile: 'test-results/junit.xml' }],
    ['./e2e/report-reporter.ts'],
  ],
  projects: [...findBrowsers().map(browserProject), { name: 'node', testMatch: /\.node\.spec\.ts$/ }],
});
