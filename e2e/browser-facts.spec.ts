import { mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from '@playwright/test';
import {
  type BrowserFact,
  type BrowserFamily,
  browserFacts,
  expectedOf,
  experiments,
  openBench,
} from '../harness/browser-facts/index.ts';
import type { Finding, ScenarioResult } from '../harness/report/types.ts';

for (const fact of browserFacts) {
  test(`browser-facts/${fact.id}`, { tag: '@browser-facts' }, async ({ page, browser, browserName }) => {
    const [major = '0'] = browser.version().split('.');
    const expected = isFamily(browserName) ? expectedOf(fact, browserName, Number(major)) : undefined;
    test.skip(!expected, `nothing is written down about ${browserName}`);
    if (!expected) return;
    const startedAt = new Date();
    const bench = await openBench(page);
    try {
      const actual = await experiments[fact.id](bench);
      expect(actual, 'the experiment says what it saw').not.toBe('');
      const findings = compare(fact, `${browserName} ${expected.version}: ${expected.value}`, {
        same: actual === expected.value,
        actual: `${browserName} ${major}: ${actual}`,
      });
      await report({
        fact,
        browser: { name: browserName, version: browser.version() },
        startedAt,
        findings,
        actual,
        expected: expected.value,
        seen: { requests: bench.server.requests, events: bench.events },
      });
    } finally {
      await bench.close();
    }
  });
}

function isFamily(name: string): name is BrowserFamily {
  return name === 'chromium' || name === 'firefox';
}

function compare(fact: BrowserFact, expected: string, seen: { same: boolean; actual: string }): Finding[] {
  return seen.same ? [] : [{ what: fact.stimulus, expected, actual: seen.actual }];
}

interface Measured {
  readonly fact: BrowserFact;
  readonly browser: { readonly name: string; readonly version: string };
  readonly startedAt: Date;
  readonly findings: readonly Finding[];
  readonly actual: string;
  readonly expected: string;
  readonly seen: unknown;
}

/** A browser that changed is news and not a failure: it stands in the report with the old and the new value. */
async function report(measured: Measured): Promise<void> {
  const { fact, browser, startedAt, findings, actual, expected, seen } = measured;
  const info = test.info();
  const write = async (name: string, content: unknown) => {
    const path = info.outputPath(name);
    await writeFile(path, `${JSON.stringify(content, null, 2)}\n`);
    return path;
  };
  await mkdir(info.outputDir, { recursive: true });
  info.annotations.push({ type: 'measured', description: actual });
  for (const { expected: old, actual: now } of findings) {
    info.annotations.push({ type: 'finding', description: `expected ${old}; now ${now}` });
  }
  await info.attach('findings.json', {
    path: await write('findings.json', findings),
    contentType: 'application/json',
  });
  await write('verdict.json', { verdict: true, expected, actual, ...(seen as object) });
  const result: ScenarioResult = {
    schemaVersion: 1,
    id: `browser-facts/${fact.id}`,
    subject: `native/${browser.name}`,
    subjectKind: 'peer',
    subjectVersion: `${browser.name} ${browser.version}`,
    server: 'raw bytes',
    verdict: true,
    checks: {
      measured: { valid: true, summary: actual, evidence: [], counts: {}, applied: true },
    },
    hypothesis: `${fact.stimulus}: ${expected}`,
    steadyState: "The browser's own EventSource, nothing around it.",
    faultPlan: [fact.stimulus],
    guarantee: 'at-most-once',
    budget: {},
    seed: process.env.SSE_KIT_SEED ?? '',
    engine: { name: 'none' },
    browser,
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    artefacts: { verdict: 'verdict.json', findings: 'findings.json' },
    ...(findings.length > 0 ? { findings } : {}),
    tags: ['browser-facts'],
  };
  await write('result.json', result);
}
