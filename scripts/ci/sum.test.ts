import { describe, expect, it } from 'vitest';
import { type Exits, type Reports, sum, summary } from './sum.ts';

const green: Exits = { install: 0, setup: 0, test: 0, e2e: 0 };
const checks = [
  { name: 'lint', ok: true, countsItself: false },
  { name: 'types', ok: true, countsItself: false },
  { name: 'unit', ok: true, countsItself: true },
];
const unit = {
  testResults: [
    {
      status: 'passed',
      assertionResults: [{ status: 'passed' }, { status: 'passed' }, { status: 'pending' }],
    },
    { status: 'passed', assertionResults: [{ status: 'passed' }] },
  ],
};
const e2e = { stats: { expected: 5, unexpected: 0, flaky: 0, skipped: 2 }, errors: [] };
const reports: Reports = { checks, unit, e2e };

describe('the sum of a CI run', () => {
  it('counts install, setup, each check and each test once', () => {
    const totals = sum(green, reports);
    // install, setup; lint, types (the unit step counts itself); 3 unit; 5 end to end
    expect(totals).toEqual({ passed: 12, failed: 0, skipped: 3, problems: [] });
    expect(summary(totals)).toBe('12 passed, 0 failed');
  });

  it('counts failed checks and failed tests', () => {
    const totals = sum(
      { ...green, test: 1, e2e: 1 },
      {
        checks: [...checks, { name: 'size', ok: false, countsItself: false }],
        unit: {
          testResults: [{ status: 'failed', assertionResults: [{ status: 'failed' }, { status: 'passed' }] }],
        },
        e2e: { stats: { expected: 4, unexpected: 1, flaky: 1, skipped: 0 }, errors: [] },
      },
    );
    expect(totals).toEqual({ passed: 2 + 2 + 1 + 4, failed: 1 + 1 + 2, skipped: 0, problems: [] });
  });

  it('counts a test file that does not load', () => {
    const broken = { testResults: [{ status: 'failed', assertionResults: [] }, ...unit.testResults] };
    expect(sum({ ...green, test: 1 }, { ...reports, unit: broken }).failed).toBe(1);
  });

  it.each(['checks', 'unit', 'e2e'] as const)(
    'fails when the report of %s is missing, although all exits are 0',
    (name) => {
      const totals = sum(green, { ...reports, [name]: null });
      expect(totals.failed).toBe(1);
      expect(totals.problems).toHaveLength(1);
    },
  );

  it.each([
    ['checks', []],
    ['unit', { testResults: [] }],
    ['e2e', { stats: { expected: 0, unexpected: 0, flaky: 0, skipped: 9 }, errors: [] }],
  ])('fails when the report of %s is empty, although all exits are 0', (name, report) => {
    expect(sum(green, { ...reports, [name]: report }).failed).toBe(1);
  });

  it('fails when a step ended red and no report says why', () => {
    expect(sum({ ...green, test: 1 }, reports)).toMatchObject({
      failed: 1,
      problems: [/npm test/].map((r) => expect.stringMatching(r)),
    });
    expect(sum({ ...green, e2e: 130 }, reports)).toMatchObject({ failed: 1 });
    expect(sum({ ...green, install: 1 }, reports)).toMatchObject({ failed: 1 });
    expect(sum({ ...green, setup: 124 }, reports)).toMatchObject({ failed: 1 });
  });

  it('counts errors outside of tests, as of a setup hook', () => {
    const crashed = {
      stats: { expected: 5, unexpected: 0, flaky: 0, skipped: 0 },
      errors: [{ message: 'boom' }],
    };
    expect(sum({ ...green, e2e: 1 }, { ...reports, e2e: crashed }).failed).toBe(1);
  });
});
