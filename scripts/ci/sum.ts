/**
 * Adds up what ran. Only reports count: a step that ended green without leaving one is a failure, and so is a step
 * that ended red although its report holds no failed test (a crash in a hook, a config that does not load).
 */
export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What was added as failed beyond single tests, for people. */
  readonly problems: readonly string[];
}

/** Exit code of a step; a number, as bash saw it. */
export type Exits = Readonly<Record<'install' | 'setup' | 'test' | 'e2e', number>>;

/** The parsed reports; `null` where the file is missing or no JSON. */
export interface Reports {
  readonly checks: unknown;
  readonly unit: unknown;
  readonly e2e: unknown;
}

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

/** Sums all steps. Never throws: what cannot be read is a failure that is named in `problems`. */
export function sum(exits: Exits, reports: Reports): Totals {
  const total: Count = { passed: 0, failed: 0, skipped: 0 };
  const problems: string[] = [];
  const fail = (problem: string) => {
    problems.push(problem);
    total.failed += 1;
  };

  for (const step of ['install', 'setup'] as const) {
    if (exits[step] === 0) total.passed += 1;
    else fail(`${step} ended with ${exits[step]}`);
  }

  const checks = readChecks(reports.checks);
  const unit = readVitest(reports.unit);
  const e2e = readPlaywright(reports.e2e);
  for (const [name, count] of [
    ['checks', checks],
    ['unit tests', unit],
    ['end-to-end tests', e2e],
  ] as const) {
    if (count === null) fail(`${name}: no report, or not a readable one`);
    else if (count.passed + count.failed === 0) fail(`${name}: the report is empty, nothing ran`);
    if (count) add(total, count);
  }

  if (exits.test !== 0 && (checks?.failed ?? 0) + (unit?.failed ?? 0) === 0) {
    fail(`npm test ended with ${exits.test} although its reports hold no failure`);
  }
  if (exits.e2e !== 0 && (e2e?.failed ?? 0) === 0) {
    fail(`the end-to-end suite ended with ${exits.e2e} although its report holds no failure`);
  }
  return { ...total, problems };
}

/** The last line of a run, always of this very form; what was skipped is told before it. */
export function summary({ passed, failed }: Totals): string {
  return `${passed} passed, ${failed} failed`;
}

function add(total: Count, count: Count): void {
  total.passed += count.passed;
  total.failed += count.failed;
  total.skipped += count.skipped;
}

/** `reports/checks.json`: every check counts as one, except those whose tests are counted from their own report. */
function readChecks(report: unknown): Count | null {
  if (!Array.isArray(report)) return null;
  const count: Count = { passed: 0, failed: 0, skipped: 0 };
  for (const entry of report as { ok?: unknown; countsItself?: unknown }[]) {
    if (entry.countsItself === true) continue;
    if (entry.ok === true) count.passed += 1;
    else count.failed += 1;
  }
  return count;
}

/** Vitest's JSON reporter. A file that failed to load has no tests of its own and counts as one failure. */
function readVitest(report: unknown): Count | null {
  if (!isRecord(report) || !Array.isArray(report.testResults)) return null;
  const count: Count = { passed: 0, failed: 0, skipped: 0 };
  for (const file of report.testResults as {
    status?: unknown;
    assertionResults?: { status?: unknown }[];
  }[]) {
    const tests = file.assertionResults ?? [];
    for (const { status } of tests) {
      if (status === 'passed') count.passed += 1;
      else if (status === 'failed') count.failed += 1;
      else count.skipped += 1;
    }
    if (file.status === 'failed' && !tests.some(({ status }) => status === 'failed')) count.failed += 1;
  }
  return count;
}

/** Playwright's JSON reporter. A flaky test passed only when repeated, which here is a failure: see docs/testing. */
function readPlaywright(report: unknown): Count | null {
  if (!isRecord(report) || !isRecord(report.stats)) return null;
  const { expected, unexpected, flaky, skipped } = report.stats;
  const errors = Array.isArray(report.errors) ? report.errors.length : 0;
  return {
    passed: number(expected),
    failed: number(unexpected) + number(flaky) + errors,
    skipped: number(skipped),
  };
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
