import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

// The real script with stand-ins for the programs that it calls: each logs its words and ends as it is told.
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'ci-run-'));
  mkdirSync(path.join(folder, '.ci'));
  mkdirSync(path.join(folder, 'bin'));
  cpSync('.ci/run', path.join(folder, '.ci/run'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function standIn(name: string, body: string): void {
  const file = path.join(folder, 'bin', name);
  writeFileSync(file, `#!/bin/sh\necho "called: ${name} $*"\n${body}\n`);
  chmodSync(file, 0o755);
}

function run(): { status: number | null; lines: string[] } {
  const { status, stdout } = spawnSync('bash', ['.ci/run'], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, CI: 'true', PATH: `${path.join(folder, 'bin')}:${process.env.PATH}` },
  });
  return { status, lines: stdout.trimEnd().split('\n') };
}

describe('.ci/run', () => {
  it('installs, sets up with services, runs every check and the suite, and ends with the sum', () => {
    standIn('npm', 'exit 0');
    standIn('npx', 'exit 0');
    standIn('node', 'echo "7 passed, 0 failed"');
    const { status, lines } = run();
    expect(lines.filter((line) => line.startsWith('called: '))).toEqual([
      'called: npm ci --no-audit --no-fund',
      'called: npm run --silent setup -- --with-services',
      'called: npm test --silent',
      'called: npx --no-install playwright test',
      'called: node --import tsx scripts/ci-summary.ts 0 0 0 0',
    ]);
    expect(lines.at(-1)).toBe('7 passed, 0 failed');
    expect(status).toBe(0);
  });

  it('goes on after a red step, hands its exit code to the sum and ends as the sum does', () => {
    standIn('npm', 'case "$1" in test) exit 3;; esac');
    standIn('npx', 'exit 1');
    standIn('node', 'echo "5 passed, 2 failed"; exit 1');
    const { status, lines } = run();
    expect(lines).toContain('called: node --import tsx scripts/ci-summary.ts 0 0 3 1');
    expect(lines.at(-1)).toBe('5 passed, 2 failed');
    expect(status).toBe(1);
  });

  it('says so when not even the dependencies can be had', () => {
    standIn('npm', 'exit 1');
    const { status, lines } = run();
    expect(lines.at(-1)).toBe('0 passed, 1 failed');
    expect(status).toBe(1);
  });
});
