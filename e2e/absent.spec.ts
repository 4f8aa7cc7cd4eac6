import { test } from '@playwright/test';
import { describeBrowser, findBrowsers } from '../harness/runner/browsers.ts';

test('the scenarios run in this browser', ({}, testInfo) => {
  const found = findBrowsers().find(({ project }) => project === testInfo.project.name);
  test.skip(found?.available === false, found ? describeBrowser(found) : undefined);
  throw new Error(`${testInfo.project.name} is here, yet its project runs only this file`);
});
