/**
 * The end of `.ci/run`: says which engine and which browsers ran, then the sum as the last line.
 * Usage: ci-summary.ts <exit of install> <setup> <npm test> <end to end>; exits 1 unless all of it is green.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CHECKS_REPORT, E2E_REPORT, UNIT_REPORT } from './checks/steps.ts';
import { describeRun, type Ran } from './ci/describe-run.ts';
import { sum, summary } from './ci/sum.ts';

const RESULTS = 'test-results';

function read(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    console.log(`✗ ${file}: ${error instanceof Error ? error.message : error}`);
    return null; // counted as a failure by `sum`
  }
}

function scenarioResults(): Ran[] {
  if (!existsSync(RESULTS)) return [];
  return readdirSync(RESULTS, { recursive: true, encoding: 'utf8' })
    .filter((file) => path.basename(file) === 'result.json')
    .map((file) => read(path.join(RESULTS, file)))
    .filter((result): result is Ran => result !== null);
}

const [install = 1, setup = 1, test = 1, e2e = 1] = process.argv.slice(2).map(Number);
const totals = sum(
  { install, setup, test, e2e },
  { checks: read(CHECKS_REPORT), unit: read(UNIT_REPORT), e2e: read(E2E_REPORT) },
);
for (const line of describeRun(scenarioResults())) console.log(line);
for (const problem of totals.problems) console.log(`✗ ${problem}`);
if (totals.skipped > 0) console.log(`${totals.skipped} skipped: each says why in its report`);
console.log(summary(totals));
process.exitCode = totals.failed === 0 ? 0 : 1;
