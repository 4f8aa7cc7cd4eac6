import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, type Page, test } from '@playwright/test';
import { buildReport } from '../harness/report/index.ts';
import { writeSampleResults } from '../harness/report/testing/sample-results.ts';

// The report opened from disk, as a person does, over sample results with known verdicts.
let dir: string;
let url: string;

test.beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'report-page-'));
  writeSampleResults(join(dir, 'results'));
  const { files } = buildReport({ resultsDir: join(dir, 'results'), outDir: join(dir, 'out') });
  url = pathToFileURL(files.html).href;
});
test.afterAll(() => rmSync(dir, { recursive: true }));

test.beforeEach(async ({ page }) => {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(url);
  await expect(page.getByRole('grid')).toBeVisible();
  expect(complaints).toEqual([]);
});

test('the header says what ran where', async ({ page }) => {
  const header = page.locator('.top');
  for (const text of ['Toxiproxy 2.12.0', 'chromium 156.0.1', '5f2c19aa', 'The kit failed 1 of 44 runs']) {
    await expect(header).toContainText(text);
  }
  await expect(page.locator('#absent')).toContainText('WebKit needs the build of Playwright');
  await expect(page.locator('#mutants')).toContainText('survived');
  await expect(page.locator('#scoreboard')).toContainText('82 %');
});

test('filters by verdict, group, kind and text', async ({ page }) => {
  const cells = page.locator('td.cell');
  await expect(cells).toHaveCount(77);
  await page.getByRole('combobox', { name: 'Group' }).selectOption('resume');
  await expect(cells).toHaveCount(14);
  await page.getByRole('combobox', { name: 'Kind of subject' }).selectOption('peer');
  await expect(cells).toHaveCount(4);
  await page.getByRole('checkbox', { name: 'passed' }).uncheck();
  await expect(cells).toHaveCount(2);
  await page.getByRole('searchbox').fill('firefox evicted');
  await expect(cells).toHaveCount(1);
  await page.getByRole('searchbox').fill('no such thing');
  await expect(page.locator('#shown')).toHaveText('Nothing matches these filters.');
});

test('what is not true of the kit is listed with its reason, and opens', async ({ page }) => {
  const problems = page.getByRole('region', { name: 'What is not true' });
  const entries = problems.getByRole('button');
  // One failed and one unknown run of the kit; what peers failed is no problem of ours.
  await expect(entries).toHaveCount(2);
  await expect(entries.first()).toContainText('order/jitter');
  await expect(entries.first()).toContainText('kit/node on express');
  await entries.first().click();
  await expect(page.getByRole('dialog', { name: 'order/jitter' })).toBeVisible();
});

test('is used with the keyboard alone', async ({ page }) => {
  await page.getByRole('combobox', { name: 'Kind of subject' }).focus();
  await page.keyboard.press('Tab');
  const focused = page.locator(':focus');
  await expect(focused).toHaveAccessibleName('connect/baseline, kit/chromium on express: passed');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  await expect(focused).toHaveAccessibleName('connect/refused-then-up, kit/chromium on fastify: passed');
  await page.keyboard.press('End');
  await expect(focused).toHaveAccessibleName(/native\/firefox/);
  await page.keyboard.press('Home');
  await expect(focused).toHaveAccessibleName(/kit\/chromium on express/);
  expect(await focused.evaluate((cell) => getComputedStyle(cell).outlineStyle)).toBe('solid');
  await expect(page.locator('td[tabindex="0"]')).toHaveCount(1);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: 'connect/refused-then-up' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
  await expect(focused).toHaveAccessibleName(/refused-then-up, kit\/chromium on express/);
});

test('a cell opens hypothesis, verdict with the offending slice, metrics and artefacts', async ({ page }) => {
  await page.getByRole('gridcell', { name: 'disconnect/true-rst, eventsource/node on express' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('A connection that is reset resumes once');
  await expect(dialog.locator('pre')).toContainText('produced   epochAAA.7');
  await expect(dialog).toContainText('sse_client_reconnects_total');
  const link = await dialog.getByRole('link', { name: 'history' }).getAttribute('href');
  expect(link).toMatch(/^\.\.\/results\/.+\/history\.ndjson$/);
  // The address names the run, so that it can be sent to somebody.
  await page.reload();
  await expect(page.getByRole('dialog', { name: 'disconnect/true-rst' })).toBeVisible();
});

test('the timeline zooms, moves and explains itself', async ({ page }) => {
  await page.getByRole('gridcell', { name: 'disconnect/true-rst, eventsource/node on express' }).click();
  const picture = page.locator('.picture');
  const axis = () => picture.locator('text.axis').allTextContents();
  const whole = await axis();
  await page.getByRole('button', { name: 'Zoom in' }).click();
  await expect.poll(axis).not.toEqual(whole);
  const zoomed = await axis();
  await picture.press('ArrowRight');
  await expect.poll(axis).not.toEqual(zoomed);
  await picture.press('0');
  await expect.poll(axis).toEqual(whole);
  await picture.locator('rect.fault').first().hover();
  await expect(page.locator('.tip')).toContainText('toxiproxy/reset_peer#1');
});

const background = (page: Page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

test('the theme can be switched and switched back', async ({ page }) => {
  const before = await background(page);
  const button = page.getByRole('button', { name: 'Switch between light and dark' });
  await button.click();
  expect(await background(page)).not.toBe(before);
  await button.click();
  expect(await background(page)).toBe(before);
});

test('follows the theme of the system', async ({ page, browserName, playwright, launchOptions, channel }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await background(page);
  if (browserName !== 'firefox') {
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await background(page)).not.toBe(light);
    return;
  }
  // Stock Firefox ignores the emulation; there the wish of the system is a preference.
  const dark = await playwright.firefox.launch({
    ...launchOptions,
    ...(channel === undefined ? {} : { channel }),
    firefoxUserPrefs: { 'ui.systemUsesDarkTheme': 1 },
  });
  try {
    const other = await dark.newPage();
    await other.goto(url);
    expect(await background(other)).not.toBe(light);
  } finally {
    await dark.close();
  }
});

test('fits a phone without scrolling the page sideways', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(await overflow()).toBeLessThanOrEqual(0);
  await page.locator('td.failed').first().click();
  const box = await page.getByRole('dialog').boundingBox();
  expect(box?.width).toBe(390);
  // Long names of metrics give way to their numbers.
  for (const column of await page.getByRole('dialog').getByRole('columnheader').all()) {
    await column.scrollIntoViewIfNeeded();
    await expect(column).toBeInViewport({ ratio: 1 });
  }
  const metrics = page.locator('.columns-3');
  expect(await metrics.evaluate((table) => table.scrollWidth - (table.parentElement?.clientWidth ?? 0))).toBe(
    0,
  );
  expect(await overflow()).toBeLessThanOrEqual(0);
});
