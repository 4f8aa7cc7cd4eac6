import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildReport, type Report } from './build.ts';
import { indexOf } from './index-json.ts';
import { writeSampleResults } from './testing/sample-results.ts';
import type { ScenarioResult } from './types.ts';

const dir = mkdtempSync(join(tmpdir(), 'report-'));
const resultsDir = join(dir, 'results');
const outDir = join(dir, 'out');
const now = new Date('2026-11-22T09:00:00Z');
const HOSTILE = '</script><script>alert(1)</script> | <b>&"\u0007';
let report: Report;

/** Changes the result of one sample run, or adds a run beside it. */
function rewrite(run: string, change: Partial<ScenarioResult>, into = run): void {
  const path = join(resultsDir, run, 'result.json');
  const result = JSON.parse(readFileSync(path, 'utf8')) as ScenarioResult;
  const target = join(resultsDir, into === run ? run : `${run}/${into}`);
  writeFileSync(join(target, 'result.json'), JSON.stringify({ ...result, ...change }));
}

beforeAll(() => {
  writeSampleResults(resultsDir);
  rewrite('order-jitter-kit-node-express', { error: HOSTILE });
  writeFileSync(join(resultsDir, 'connect-baseline-kit-node-express', 'notes.txt'), 'not a result');
  report = buildReport({ resultsDir, outDir, now });
});
afterAll(() => rmSync(dir, { recursive: true }));

describe('index.json', () => {
  it('fits its published schema', () => {
    const ajv = new Ajv({ allErrors: true });
    formats.default(ajv);
    const validate = ajv.compile(
      JSON.parse(readFileSync(new URL('./index.schema.json', import.meta.url), 'utf8')),
    );
    const index: unknown = JSON.parse(readFileSync(report.files.json, 'utf8'));
    expect(validate(index) ? [] : validate.errors).toEqual([]);
    expect(validate({ ...report.index, results: [{ id: 1 }] })).toBe(false);
  });

  it('counts every run, and what gates apart from the peers', () => {
    expect(report.index.counts).toEqual({ passed: 60, failed: 5, unknown: 1, absent: 11 });
    expect(report.index.gating).toEqual({ passed: 42, failed: 1, unknown: 1, absent: 11 });
  });

  it('names engine, browsers, seed and who is absent and why', () => {
    expect(report.index).toMatchObject({
      engine: 'Toxiproxy 2.12.0 (PATH)',
      browsers: ['chromium 156.0.1', 'firefox 153.7.0'],
      seed: '5f2c19aa',
      absent: [{ subject: 'kit/webkit', reason: expect.stringContaining('WebKit') }],
    });
  });

  it('links artefacts that are there, relative to the report', () => {
    const links = report.index.results.flatMap((each) => Object.values(each.artefacts));
    expect(links.length).toBe(66 * 3);
    expect(links.filter((link) => !existsSync(join(outDir, link)))).toEqual([]);
  });

  it('says which checks failed', () => {
    const lossy = report.index.results.find(
      (each) => each.id === 'disconnect/true-rst' && each.verdict === false,
    );
    expect(lossy).toMatchObject({
      subject: 'eventsource/node',
      failed: ['loss'],
      summary: expect.stringContaining('lost'),
    });
  });

  it('ranks the peers', () => {
    expect(report.index.scoreboard.map((row) => [row.subject, row.passed])).toEqual([
      ['eventsource/node 4.1.1', 9],
      ['native/firefox 4.1.1', 9],
    ]);
  });

  it('keeps facts about browsers off the scoreboard, and their findings on the list', () => {
    const path = join(resultsDir, 'connect-baseline-native-firefox-express', 'result.json');
    const findings = [{ what: 'retry: 0', expected: '500 ms floor', actual: 'a storm' }];
    const result = {
      ...(JSON.parse(readFileSync(path, 'utf8')) as ScenarioResult),
      id: 'browser-facts/retry-0',
      findings,
    };
    const runs = [{ result, dir: resultsDir, earlier: [] }];
    const index = indexOf({ runs, info: {}, mutants: [], broken: [] }, outDir, now);
    expect(index.scoreboard).toEqual([]);
    expect(index.findings).toMatchObject(findings);
  });
});

describe('verdict.json', () => {
  it('fits its published schema, healthy, lossy and unproven', () => {
    const schema = new URL('./verdict.schema.json', import.meta.url);
    const validate = new Ajv({ allErrors: true }).compile(JSON.parse(readFileSync(schema, 'utf8')));
    const runs = ['connect-baseline-kit-node', 'order-jitter-kit-node', 'liveness-half-open-kit-firefox'];
    for (const run of runs) {
      const path = join(resultsDir, `${run}-express`, 'verdict.json');
      const verdict: unknown = JSON.parse(readFileSync(path, 'utf8'));
      expect(validate(verdict) ? [] : validate.errors).toEqual([]);
    }
    expect(validate({ verdict: 'absent' })).toBe(false);
  });
});

describe('several tries and broken files', () => {
  it('count the last try, keep the earlier verdict, and report what cannot be read', () => {
    const other = mkdtempSync(join(tmpdir(), 'report-tries-'));
    try {
      writeSampleResults(other, {});
      const run = join(other, 'connect-baseline-kit-node-express');
      const path = join(run, 'result.json');
      const first = JSON.parse(readFileSync(path, 'utf8')) as ScenarioResult;
      const retry = { ...first, verdict: false, startedAt: '2026-11-22T07:00:00.000Z' };
      writeFileSync(
        join(other, 'connect-baseline-kit-firefox-express', 'result.json'),
        JSON.stringify(retry),
      );
      writeFileSync(join(other, 'order-jitter-kit-node-express', 'result.json'), '{"torn":');
      writeFileSync(join(other, 'order-jitter-kit-firefox-express', 'result.json'), '{"id":"x"}');
      const { index } = buildReport({ resultsDir: other, outDir: join(other, 'out'), now });
      const cell = index.results.filter((r) => r.id === 'connect/baseline' && r.subject === 'kit/node');
      expect(cell.map(({ verdict, earlier }) => ({ verdict, earlier }))).toEqual([
        { verdict: true, earlier: [false] },
      ]);
      expect(index.broken.map((each) => each.reason)).toEqual([
        'not a scenario result',
        expect.stringMatching(/JSON/),
      ]);
    } finally {
      rmSync(other, { recursive: true });
    }
  });
});

describe('junit.xml', () => {
  it('has a case for each run; failures and errors are those of the kit', () => {
    const xml = readFileSync(report.files.junit, 'utf8');
    expect(xml.match(/<testcase /g)).toHaveLength(77);
    expect(xml.match(/<failure /g)).toHaveLength(1);
    expect(xml.match(/<error /g)).toHaveLength(1);
    expect(xml.match(/<skipped /g)).toHaveLength(11 + 4);
    expect(xml).toMatch(/<testsuites name="[^"]+" tests="77" failures="1" errors="1" skipped="15"/);
  });

  it('escapes what XML does not allow', () => {
    const xml = readFileSync(report.files.junit, 'utf8');
    expect(xml).toContain(
      '&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt; | &lt;b&gt;&amp;&quot;\ufffd',
    );
    expect(xml).not.toContain('<script>');
  });
});

describe('the step summary', () => {
  it('shows what gates, the reason, the scoreboard and surviving mutants', () => {
    const text = readFileSync(report.files.summary, 'utf8');
    expect(text).toMatch(/^## ❌ Scenarios: 42 passed, 1 failed, 1 unknown, 11 absent/);
    expect(text).toContain('| liveness/half-open | kit/firefox | express | unknown | fault-proven:');
    expect(text).toContain('\\| &lt;b>');
    expect(text).not.toMatch(/\| resume\/evicted \| eventsource/);
    expect(text).toContain('Mutants: 1 of 2 caught; survivors: no-jitter');
  });
});

describe('index.html', () => {
  it('needs nothing but itself', () => {
    const html = readFileSync(report.files.html, 'utf8');
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    expect(html).not.toMatch(/@import|url\(/);
    expect(html).not.toMatch(/^\s*import /m);
    expect(html).toContain("default-src 'none'");
  });

  it('cannot be ended by what a run says', () => {
    const html = readFileSync(report.files.html, 'utf8');
    expect(html.match(/<\/script>/g)).toHaveLength(2);
    const data = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)?.[1] ?? '';
    expect(JSON.stringify(JSON.parse(data))).toContain('alert(1)');
  });
});
