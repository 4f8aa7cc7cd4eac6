import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Gauge, Registry } from 'prom-client';
import type { Records, Verdict } from '../oracle/types.ts';

import { renderTimeline } from '../report/timeline/render.ts';
import type { Artefacts, ScenarioResult } from '../report/types.ts';
import type { ToxiproxyServer } from '../toxiproxy/index.ts';
import type { RunOptions } from './run.ts';
import type { Target } from './target.ts';

/** What is known when a run is over. */
export interface RunOutcome {
  readonly options: RunOptions;
  readonly startedAt: Date;
  readonly target: Target | undefined;
  readonly records: Records;
  readonly verdict: Verdict;
  /** Sentences of the scenario's own check. */
  readonly complaints: readonly string[];
  readonly error: string | undefined;
  readonly prom: { readonly server: string; readonly client: string };
  readonly metrics: NonNullable<ScenarioResult['metrics']>;
  readonly screenshot: Buffer | undefined;
}

const FILES = {
  history: 'history.ndjson',
  verdict: 'verdict.json',
  timeline: 'timeline.svg',
  serverProm: 'server.prom',
  clientProm: 'client.prom',
  scenarioProm: 'scenario.prom',
} as const satisfies Artefacts;

/** Writes everything beside the history into the run's folder, `result.json` last. */
export async function writeArtefacts(outcome: RunOutcome): Promise<ScenarioResult> {
  const { options, prom, screenshot } = outcome;
  const write = (name: string, content: string | Buffer) => writeFile(join(options.outDir, name), content);
  const artefacts: Artefacts = { ...FILES, ...(screenshot ? { screenshot: 'page.png' } : {}) };
  const result = resultOf(outcome, artefacts);
  const verdict = { ...outcome.verdict, verdict: result.verdict, checks: result.checks };
  await Promise.all([
    write(FILES.verdict, `${JSON.stringify(verdict, null, 2)}\n`),
    write(FILES.timeline, renderTimeline(outcome.records, outcome.verdict)),
    write(FILES.serverProm, prom.server),
    write(FILES.clientProm, prom.client),
    write(FILES.scenarioProm, await scenarioMetrics(result)),
    ...(screenshot ? [write('page.png', screenshot)] : []),
  ]);
  await write('result.json', `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

function resultOf(outcome: RunOutcome, artefacts: Artefacts): ScenarioResult {
  const { options, verdict, complaints, error, startedAt, target } = outcome;
  const { scenario, subject, toxiproxy } = options;
  return {
    schemaVersion: 1,
    id: scenario.id,
    subject: subject.name,
    subjectKind: options.subjectKind ?? 'kit',
    subjectVersion: subject.version,
    server: target?.name ?? 'none',
    verdict: compose(verdict.verdict, complaints, error),
    checks: { ...verdict.checks, ...(scenario.check ? { scenario: ownCheck(complaints) } : {}) },
    hypothesis: scenario.hypothesis,
    steadyState: scenario.steadyState,
    faultPlan: scenario.faults,
    guarantee: scenario.guarantee,
    budget: scenario.budget,
    seed: String(options.seed),
    engine: engineOf(toxiproxy),
    ...(options.browser ? { browser: options.browser } : {}),
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    metrics: outcome.metrics,
    artefacts,
    ...(error === undefined ? {} : { error }),
    tags: scenario.tags,
  };
}

/** False outweighs unknown outweighs true; a run that broke can convict but not acquit. */
function compose(verdict: Verdict['verdict'], complaints: readonly string[], error: string | undefined) {
  if (verdict === false || complaints.length > 0) return false;
  return error === undefined ? verdict : 'unknown';
}

function ownCheck(complaints: readonly string[]): ScenarioResult['checks'][string] {
  return {
    valid: complaints.length === 0,
    summary: complaints.join('; ') || 'what this scenario adds holds',
    evidence: [],
    counts: { complaints: complaints.length },
    applied: true,
  };
}

/** The network under the faults, as results name it. */
export function engineOf(
  toxiproxy: Pick<ToxiproxyServer, 'engine' | 'version' | 'source'>,
): ScenarioResult['engine'] {
  return { name: toxiproxy.engine, version: toxiproxy.version, source: toxiproxy.source };
}

/** The verdict as numbers, for dashboards over many runs. */
async function scenarioMetrics(result: ScenarioResult): Promise<string> {
  const registry = new Registry();
  registry.setDefaultLabels({ scenario: result.id, subject: result.subject, server: result.server });
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  gauge('sse_scenario_pass', '1 when the verdict is true, 0 when false or unknown').set(
    result.verdict === true ? 1 : 0,
  );
  gauge('sse_scenario_duration_seconds', 'Length of the run').set(result.durationMs / 1000);
  const check = gauge('sse_scenario_check', 'Each check: 1 true, 0 false, -1 unknown', ['check']);
  const count = gauge('sse_scenario_count', 'Numbers measured by each check', ['check', 'count']);
  for (const [name, { valid, counts, applied }] of Object.entries(result.checks)) {
    if (!applied) continue;
    check.set({ check: name }, valid === 'unknown' ? -1 : Number(valid));
    for (const [key, value] of Object.entries(counts)) count.set({ check: name, count: key }, value);
  }
  return registry.metrics();
}
