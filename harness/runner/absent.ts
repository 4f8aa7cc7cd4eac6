import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ScenarioResult, Software } from '../report/types.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { Subject } from '../subjects/types.ts';
import type { ToxiproxyServer } from '../toxiproxy/index.ts';
import { engineOf } from './artefacts.ts';

/** A run that did not happen. */
export interface AbsentRun {
  readonly scenario: Scenario;
  readonly subject: Pick<Subject, 'name' | 'version'>;
  readonly server: { readonly name: string };
  readonly toxiproxy: Pick<ToxiproxyServer, 'engine' | 'version' | 'source'>;
  readonly seed: number;
  /** Folder of the run; made when missing. */
  readonly outDir: string;
  /** Why, in a sentence: the report shows it. */
  readonly reason: string;
  readonly browser?: Software;
  readonly subjectKind?: 'kit' | 'peer';
}

/** Writes the result of a run that says nothing, and why: a cell of the matrix that is "–" and not a hole. */
export async function writeAbsent(run: AbsentRun): Promise<void> {
  const { scenario, subject, server, toxiproxy, seed, outDir, reason, browser } = run;
  const result: ScenarioResult = {
    schemaVersion: 1,
    id: scenario.id,
    subject: subject.name,
    subjectKind: run.subjectKind ?? 'kit',
    subjectVersion: subject.version,
    server: server.name,
    verdict: 'absent',
    absentReason: reason,
    checks: {},
    hypothesis: scenario.hypothesis,
    steadyState: scenario.steadyState,
    faultPlan: scenario.faults,
    guarantee: scenario.guarantee,
    budget: scenario.budget,
    seed: String(seed),
    engine: engineOf(toxiproxy),
    ...(browser ? { browser } : {}),
    startedAt: new Date().toISOString(),
    durationMs: 0,
    artefacts: {},
    tags: scenario.tags,
  };
  await mkdir(outDir, { recursive: true });
  await writeFile(join(outDir, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
}
