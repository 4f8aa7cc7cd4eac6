import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { buildReport } from '../report/index.ts';
import { scenarios } from '../scenarios/index.ts';
import { writeAbsent } from './absent.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'absent-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

it('leaves a cell that the report shows as absent, with the reason', async () => {
  const [scenario] = scenarios;
  if (!scenario) throw new Error('an empty catalogue');
  const reason = 'kit/firefox on express lacks sleep';
  await writeAbsent({
    scenario,
    subject: { name: 'kit/firefox', version: 'kit 1, firefox 153' },
    server: { name: 'express' },
    toxiproxy: { engine: 'embedded', version: '1', source: 'embedded' },
    seed: 7,
    outDir: join(dir, 'results', 'run'),
    reason,
  });
  const { index, files } = buildReport({ resultsDir: join(dir, 'results'), outDir: join(dir, 'report') });
  expect(index.broken).toEqual([]);
  expect(index.gating).toEqual({ passed: 0, failed: 0, unknown: 0, absent: 1 });
  expect(index.results).toMatchObject([
    { id: scenario.id, subject: 'kit/firefox', server: 'express', verdict: 'absent', summary: reason },
  ]);
  expect(readFileSync(files.html, 'utf8')).toContain(reason);
});
