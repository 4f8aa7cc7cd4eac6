import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, chromium, expect, firefox, webkit } from '@playwright/test';
import type { ScenarioResult, Software } from '../harness/report/types.ts';
import { type BrowserProject, findBrowser } from '../harness/runner/browsers.ts';
import { missingCapabilities, runScenario, type StartTarget } from '../harness/runner/index.ts';
import { deriveSeed } from '../harness/runner/random.ts';
import type { Scenario } from '../harness/scenarios/index.ts';
import type { Capability, Subject } from '../harness/subjects/index.ts';
import type { ToxiproxyServer } from '../harness/toxiproxy/index.ts';
import { attach, test as base } from './play.ts';

/** Browsers of a worker, each started when the first test asks for it. */
export type Browsers = (name: BrowserProject) => Promise<Browser>;

/** Peers run in one project whatever they run in, so its browsers are started here and not by the project. */
export const test = base.extend<object, { browsers: Browsers }>({
  browsers: [
    async ({}, use) => {
      const started = new Map<BrowserProject, Promise<Browser>>();
      await use((name) => {
        const browser = started.get(name) ?? launch(name);
        started.set(name, browser);
        return browser;
      });
      for (const browser of started.values()) await (await browser).close();
    },
    { scope: 'worker' },
  ],
});

function launch(name: BrowserProject): Promise<Browser> {
  const found = findBrowser(name);
  if (!found.available) throw new Error(`${found.reason}; get it with: ${found.remedy}`);
  const { launchOptions, channel } = found;
  return { chromium, firefox, webkit }[name].launch({ ...launchOptions, ...(channel ? { channel } : {}) });
}

/** Longest wait for any one event: longer than every peer's own pause between two attempts. */
const PATIENCE_MS = 12_000;

export interface PeerRun {
  readonly scenario: Scenario;
  readonly subject: Subject;
  readonly server: {
    readonly name: string;
    readonly capabilities: ReadonlySet<Capability>;
    readonly start: StartTarget;
  };
  readonly toxiproxy: ToxiproxyServer;
  readonly browser?: Software;
}

/**
 * Plays one cell of the scoreboard. Whatever the oracle decides is the result, not the test's: the test fails only
 * when there is no decision.
 */
export async function playPeer(run: PeerRun): Promise<void> {
  const { scenario, subject, server, toxiproxy, browser } = run;
  const info = test.info();
  const seed = deriveSeed(
    Number(process.env.SSE_KIT_SEED ?? 1),
    `${scenario.id} ${subject.name} ${server.name}`,
  );
  const missing = missingCapabilities(scenario, subject.capabilities, server.capabilities);
  if (missing.length > 0) {
    const absentReason = `${subject.name} on ${server.name} does not claim ${missing.join(', ')}`;
    await writeAbsent(run, String(seed), absentReason, info.outputDir);
    test.skip(true, absentReason);
  }
  const { result, verdict, log } = await runScenario({
    scenario,
    subject,
    target: server.start,
    toxiproxy,
    seed,
    outDir: info.outputDir,
    patienceMs: PATIENCE_MS,
    subjectKind: 'peer',
    ...(browser ? { browser } : {}),
  });
  await attach(result);
  const word = result.verdict === true ? 'holds' : 'does not hold';
  info.annotations.push({ type: 'verdict', description: `${word}: ${result.error ?? verdict.summary}` });
  expect(result.verdict, `${result.error ?? ''}\n${verdict.summary}\n${log}`).not.toBe('unknown');
}

/** A cell that says nothing, and why: the report shows it as "–". */
async function writeAbsent(run: PeerRun, seed: string, absentReason: string, outDir: string): Promise<void> {
  const { scenario, subject, server, toxiproxy, browser } = run;
  const result: ScenarioResult = {
    schemaVersion: 1,
    id: scenario.id,
    subject: subject.name,
    subjectKind: 'peer',
    subjectVersion: subject.version,
    server: server.name,
    verdict: 'absent',
    absentReason,
    checks: {},
    hypothesis: scenario.hypothesis,
    steadyState: scenario.steadyState,
    faultPlan: scenario.faults,
    guarantee: scenario.guarantee,
    budget: scenario.budget,
    seed,
    engine: { name: toxiproxy.engine, version: toxiproxy.version, source: toxiproxy.source },
    ...(browser ? { browser } : {}),
    startedAt: new Date().toISOString(),
    durationMs: 0,
    artefacts: {},
    tags: scenario.tags,
  };
  await mkdir(outDir, { recursive: true });
  await writeFile(join(outDir, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
}
