import { type Browser, chromium, expect, firefox, webkit } from '@playwright/test';
import type { Software } from '../harness/report/types.ts';
import { type BrowserProject, findBrowser } from '../harness/runner/browsers.ts';
import { missingCapabilities, runScenario, type StartTarget, writeAbsent } from '../harness/runner/index.ts';
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
    const reason = `${subject.name} on ${server.name} does not claim ${missing.join(', ')}`;
    await writeAbsent({ ...run, seed, outDir: info.outputDir, reason, subjectKind: 'peer' });
    test.skip(true, reason);
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
