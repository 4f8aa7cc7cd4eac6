import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type {
  FullConfig,
  FullResult,
  Reporter,
  Suite,
  TestCase,
  TestResult,
} from '@playwright/test/reporter';
import { buildReport, type RunInfo } from '../harness/report/index.ts';
import { describeBrowser, findBrowsers } from '../harness/runner/browsers.ts';

/** Adds up what the scenarios left in the results folder: `test-results/report/index.html`, JSON, JUnit, summary. */
export default class ReportReporter implements Reporter {
  #resultsDir = 'test-results';
  #startedAt = new Date();
  #played = 0;
  #line = '';

  onBegin(_config: FullConfig, suite: Suite): void {
    // Of a project that runs, which need not be the first of the configuration.
    this.#resultsDir = suite.suites[0]?.project()?.outputDir ?? this.#resultsDir;
    this.#startedAt = new Date();
  }

  onTestEnd(_test: TestCase, result: TestResult): void {
    if (result.attachments.some(({ name }) => name === 'verdict.json')) this.#played++;
  }

  onEnd(result: FullResult): void {
    if (this.#played === 0) return; // nothing but other specs ran: there is no matrix to show
    mkdirSync(this.#resultsDir, { recursive: true });
    writeFileSync(
      join(this.#resultsDir, 'run.json'),
      `${JSON.stringify(runInfo(this.#startedAt), null, 2)}\n`,
    );
    const { files } = buildReport({
      resultsDir: this.#resultsDir,
      outDir: join(this.#resultsDir, 'report'),
      // From the last `npm run mutants`, which takes too long to be part of each run.
      mutantsFile: 'docs/mutants.json',
    });
    this.#line = `\nscenario report (${result.status}): ${files.html}\n`;
  }

  onExit(): Promise<void> {
    process.stdout.write(this.#line);
    return Promise.resolve();
  }
}

function runInfo(startedAt: Date): RunInfo {
  return {
    startedAt: startedAt.toISOString(),
    ...(process.env.SSE_KIT_SEED ? { seed: process.env.SSE_KIT_SEED } : {}),
    environment: { node: process.versions.node, os: `${process.platform} ${process.arch}` },
    absent: findBrowsers().flatMap((found) =>
      found.available ? [] : [{ subject: `kit/${found.project}`, reason: describeBrowser(found) }],
    ),
  };
}
