import { test } from '@playwright/test';
import { describeBrowser, findBrowsers } from '../harness/runner/browsers.ts';

test('the scenarios run in this browser', ({}, testInfo) => {
  const found = findBrowsers().find(({ project }) => project === testInfo.project.name);
  if (!found || found.available) {
    throw new Error(`${testInfo.project.name} is not an absent browser, yet its project runs only this file`);
  }
  test.skip(true, describeBrowser(found));
});
