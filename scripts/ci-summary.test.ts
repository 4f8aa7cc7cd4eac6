import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = path.resolve('scripts/ci-summary.ts');
const tsx = import.meta.resolve('tsx');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'ci-summary-'));
  mkdirSync(path.join(folder, 'reports'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function report(name: string, content: unknown): void {
  writeFileSync(path.join(folder, 'reports', name), JSON.stringify(content));
}

function summarise(...exits: number[]): { status: number | null; last: string; output: string } {
  const { status, stdout, stderr } = spawnSync('node', ['--import', tsx, script, ...exits.map(String)], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, last: stdout.trimEnd().split('\n').at(-1) ?? '', output: stdout + stderr };
}

describe('the end of .ci/run', () => {
  it('prints the sum as the last line, with what ran above it', () => {
    report('checks.json', [{ name: 'lint', ok: true, countsItself: false }]);
    report('unit.json', { testResults: [{ status: 'passed', assertionResults: [{ status: 'passed' }] }] });
    report('e2e.json', { stats: { expected: 2, unexpected: 0, flaky: 0, skipped: 1 }, errors: [] });
    const run = path.join(folder, 'test-results', 'connect-baseline');
    mkdirSync(run, { recursive: true });
    writeFileSync(
      path.join(run, 'result.json'),
      JSON.stringify({
        verdict: true,
        engine: { name: 'toxiproxy', version: '2.12.0', source: 'path' },
        browser: { name: 'firefox', version: '153' },
        subject: 'kit/firefox',
        server: 'fastify',
      }),
    );
    const { status, last, output } = summarise(0, 0, 0, 0);
    expect(last).toBe('6 passed, 0 failed');
    expect(output).toContain('Engine: toxiproxy 2.12.0 from path');
    expect(output).toContain('Browser: firefox 153');
    expect(status).toBe(0);
  });

  it('fails when reports are missing, although every step said that it was green', () => {
    const { status, last, output } = summarise(0, 0, 0, 0);
    expect(status).toBe(1);
    expect(last).toBe('2 passed, 3 failed');
    expect(output).toContain('reports/e2e.json');
  });
});
