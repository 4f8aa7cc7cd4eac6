import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createHistory, PLAYED } from '../history/index.ts';
import { judge } from '../oracle/index.ts';
import type { Verdict } from '../oracle/types.ts';
import { readPrometheus } from '../report/prom-text.ts';
import type { ScenarioResult, Software } from '../report/types.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { DEFAULT_CLIENT, type Subject, type SubjectSession } from '../subjects/types.ts';
import type { ToxiproxyServer } from '../toxiproxy/index.ts';
import { writeArtefacts } from './artefacts.ts';
import { createCalmMetrics } from './calm-metrics.ts';
import { nowMs } from './clock.ts';
import { openConnections } from './evidence.ts';
import { createFaultPlan } from './faults.ts';
import { openPath } from './path.ts';
import { deriveSeed, seededRandom } from './random.ts';
import { createStage } from './stage.ts';
import { DEFAULT_SERVER, type StartTarget, type Target } from './target.ts';
import { createHistoryWatch } from './watch.ts';

/** Longer than an event of a server that is not ours takes through the network. */
const ON_ITS_WAY_MS = 2000;
/** Time for connections to end after the client was stopped. */
const GOODBYE_MS = 3000;

/** What one run needs. */
export interface RunOptions {
  readonly scenario: Scenario;
  readonly subject: Subject;
  /** Starts the server under test with the scenario's settings. */
  readonly target: StartTarget;
  readonly toxiproxy: ToxiproxyServer;
  /** Decides every random choice; the result names it. */
  readonly seed: number;
  /** Folder for the artefacts; made when missing. */
  readonly outDir: string;
  /** Longest wait for any one event, default 20 000 ms. */
  readonly patienceMs?: number;
  readonly browser?: Software;
  readonly subjectKind?: 'kit' | 'peer';
}

/** What one run gave: the result as written to `result.json`, and what was said on consoles, for failures. */
export interface Run {
  readonly result: ScenarioResult;
  readonly verdict: Verdict;
  readonly log: string;
}

/**
 * Plays one scenario: target, network and subject up; the scenario's faults; heal; a sentinel; the verdict; the
 * artefacts. Never rejects for what the subject or the scenario did: that is `error` and `unknown` in the result.
 */
export async function runScenario(options: RunOptions): Promise<Run> {
  const startedAt = new Date();
  const { scenario, subject, toxiproxy, seed, outDir, patienceMs = 20_000 } = options;
  await mkdir(outDir, { recursive: true });
  const history = createHistory({ path: join(outDir, 'history.ndjson') });
  let target: Target | undefined;
  let session: SubjectSession | undefined;
  const calm = createCalmMetrics([() => target?.metricsText(), () => session?.metrics()]);
  const watch = createHistoryWatch((record) => {
    history.append(record);
    calm.see(record);
  });
  const faults = createFaultPlan(scenario.faults, watch.add);
  const cleanup: (() => Promise<void>)[] = [];

  const sessions: SubjectSession[] = [];
  let complaints: readonly string[] = [];
  let error: string | undefined;
  const prom = { server: '', client: '' };
  let screenshot: Buffer | undefined;
  let playedTo: number | undefined;
  try {
    const elsewhere = scenario.otherOrigin ? await subject.openElsewhere?.() : undefined;
    if (elsewhere) cleanup.push(elsewhere.close);
    target = await options.target(
      {
        ...DEFAULT_SERVER,
        ...(elsewhere ? { corsOrigins: [elsewhere.origin] } : {}),
        ...scenario.server,
      },
      watch,
    );
    cleanup.push(target.stop);
    const path = await openPath({
      upstream: new URL(target.url()),
      ...(target.foreign ? { ask: target.foreign.ask } : {}),
      toxiproxy,
      faults,
      watch,
      random: seededRandom(deriveSeed(seed, 'sse-proxy')),
      patienceMs,
      beforeFire: calm.take,
    });
    cleanup.push(path.close);
    const stage = createStage({
      watch,
      target,
      subject,
      settings: { ...DEFAULT_CLIENT, ...scenario.client },
      network: path.network,
      faults,
      seed,
      random: seededRandom(deriveSeed(seed, 'scenario')),
      patienceMs,
      cursorFile: join(outDir, 'cursor.json'),
      beforeKill: calm.take,
      ...(elsewhere ? { pageOrigin: elsewhere.origin } : {}),
      started: (started, companion) => {
        sessions.push(started);
        if (!companion) session = started;
      },
    });
    let broke: { readonly cause: unknown } | undefined;
    try {
      await scenario.run(stage);
    } catch (cause) {
      broke = { cause };
      // What a server that is not ours was too slow for is no loss: it is waited for all the same.
      if (!target.foreign) throw cause;
    } finally {
      await path.heal();
    }
    const sentinel = await stage.publishSentinel();
    playedTo = sentinel.at;
    await stage.everybodyProcessed(sentinel);
    if (broke) throw broke.cause;
    complaints = scenario.check?.(stage) ?? [];
    watch.add({ at: nowMs(), kind: 'note', text: PLAYED });
  } catch (cause) {
    error = cause instanceof Error ? cause.message : String(cause);
  }
  playedTo ??= nowMs() - ON_ITS_WAY_MS;
  // Collected after a failure too: that is when they are wanted.
  const problems: string[] = [];
  const attempt = async (what: string, act: () => Promise<void>) => {
    try {
      await act();
    } catch (cause) {
      problems.push(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  };
  await attempt('server metrics', async () => {
    prom.server = (await target?.metricsText()) ?? '';
  });
  await attempt('client metrics', async () => {
    prom.client = (await session?.metrics()) ?? '';
  });
  await attempt('screenshot', async () => {
    screenshot = await session?.screenshot?.();
  });
  for (const each of sessions) await attempt('stop the client', each.stop);
  // What is still open after this patience is a leak, and the oracle says so.
  await watch.settles(() => openConnections(watch.records) === 0, GOODBYE_MS);
  for (const undo of cleanup.reverse()) await attempt('clean up', undo);
  if (problems.length > 0) error = [error, ...problems].filter(Boolean).join('; ');

  const recorded = history.records();
  const records = target?.foreign?.truth(recorded, subject.name, playedTo) ?? recorded;
  const verdict = judge(records, {
    guarantee: scenario.guarantee,
    budget: scenario.budget,
    ...scenario.expect,
  });
  history.close();
  const result = await writeArtefacts({
    options,
    startedAt,
    records,
    verdict,
    complaints,
    error,
    prom,
    metrics: {
      before: await calm.numbers(),
      after: { ...readPrometheus(prom.server), ...readPrometheus(prom.client) },
    },
    screenshot,
    target,
  });
  const log = [target?.log(), session?.log()].filter(Boolean).join('\n');
  return { result, verdict, log };
}
