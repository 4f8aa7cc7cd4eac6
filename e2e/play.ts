import { test as base, expect } from '@playwright/test';
import type { DemoServer } from '../fixtures/servers/index.ts';
import { toxiproxyFixture } from '../fixtures/toxiproxy.ts';
import { formatVerdict } from '../harness/oracle/index.ts';
import type { ScenarioResult, Software } from '../harness/report/types.ts';
import { missingCapabilities, type Run, runScenario, writeAbsent } from '../harness/runner/index.ts';
import { deriveSeed } from '../harness/runner/random.ts';
import type { Scenario } from '../harness/scenarios/index.ts';
import type { Subject } from '../harness/subjects/index.ts';
import type { ToxiproxyServer } from '../harness/toxiproxy/index.ts';

/** The fixtures of the scenario specs: a Toxiproxy per worker, nothing else. */
export const test = base.extend<object, { toxiproxy: ToxiproxyServer }>({ toxiproxy: toxiproxyFixture });

export interface PlayOptions {
  readonly scenario: Scenario;
  readonly server: DemoServer;
  readonly subject: Subject;
  readonly toxiproxy: ToxiproxyServer;
  readonly browser?: Software;
}

/** Tags as Playwright wants them: `--grep @resume`. */
export function tagsOf(scenario: Scenario): string[] {
  return scenario.tags.map((tag) => `@${tag}`);
}

/** Plays one scenario as one Playwright test: artefacts attached, verdict asserted, logs shown only on failure. */
export async function play(options: PlayOptions): Promise<void> {
  const { scenario, server, subject, toxiproxy, browser } = options;
  const info = test.info();
  const missing = missingCapabilities(scenario, subject.capabilities, server.capabilities);
  const program = missing.some((need) => ['redis-server', 'nginx', 'haproxy'].includes(need));
  const hint = program ? ' (npm run setup -- --with-services)' : '';
  const seed = deriveSeed(
    Number(process.env.SSE_KIT_SEED ?? 1),
    `${scenario.id} ${subject.name} ${server.name}`,
  );
  if (missing.length > 0) {
    const reason = `${subject.name} on ${server.name} lacks ${missing.join(', ')}${hint}`;
    await writeAbsent({ ...options, seed, outDir: info.outputDir, reason });
    test.skip(true, reason);
  }
  if (scenario.takesMs) test.setTimeout(info.timeout + scenario.takesMs);
  info.annotations.push({ type: 'hypothesis', description: scenario.hypothesis });

  const run = await runScenario({
    scenario,
    subject,
    target: server.start,
    toxiproxy,
    seed,
    outDir: info.outputDir,
    ...(browser ? { browser } : {}),
  });
  await attach(run.result);
  if (run.result.verdict !== true) {
    await info.attach('logs of server and client', {
      body: run.log || '(silent)',
      contentType: 'text/plain',
    });
  }
  expect(run.result.verdict, explain(run)).toBe(true);
}

const TYPES: Readonly<Record<string, string>> = {
  json: 'application/json',
  ndjson: 'text/plain',
  prom: 'text/plain',
  svg: 'image/svg+xml',
  png: 'image/png',
};

/** Attaches the artefacts of a run to its test. */
export async function attach(result: ScenarioResult): Promise<void> {
  const info = test.info();
  for (const file of Object.values(result.artefacts)) {
    if (file === undefined) continue;
    const contentType = TYPES[file.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
    await info.attach(file, { path: info.outputPath(file), contentType });
  }
}

/** What a failing test says first. */
function explain({ result, verdict }: Run): string {
  return [
    `${result.id}: ${result.subject} on ${result.server}, seed ${result.seed}`,
    result.hypothesis,
    ...(result.error ? [`! ${result.error}`] : []),
    ...(result.checks.scenario?.valid === false ? [`✗ ${result.checks.scenario.summary}`] : []),
    formatVerdict(verdict),
  ].join('\n');
}
