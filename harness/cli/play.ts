import { randomInt } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { RunInfo } from '../report/types.ts';
import type { Scenario } from '../scenarios/index.ts';
import type { Subject } from '../subjects/index.ts';
import type { ToxiproxyServer } from '../toxiproxy/index.ts';
import { type CliHost, type CliServer, EXIT } from './host.ts';
import { type Outcome, outcomeLine, outcomeOf, skipLines, totals } from './outcome.ts';
import { paint, shown } from './paint.ts';

/** What `run` and `chaos` have in common: scenarios one after the other, artefacts, report. */
export interface Play {
  readonly scenarios: readonly Scenario[];
  readonly subject: Subject;
  readonly server: Pick<CliServer, 'name' | 'start'>;
  /** Why a scenario is not played, `null` when it is. */
  readonly whyNot: (scenario: Scenario) => string | null;
  /** Where most are not played, they are told together, by reason; default one by one. */
  readonly skipsTogether?: true;
  /** Whom the report is about; default the kit. */
  readonly judged?: string;
  readonly patienceMs: number | undefined;
  /** Default: by chance. */
  readonly seed: number | undefined;
  readonly outDir: string;
  /** Whether stdout is for a machine: progress goes to stderr. */
  readonly json: boolean;
}

/** What came of it. */
export interface Played {
  readonly seed: number;
  readonly counts: ReturnType<typeof totals>;
  readonly outcomes: readonly Outcome[];
  /** Path of the report. */
  readonly report: string;
}

/** Gets a network, plays the scenarios and writes the report. Says each result as it comes. */
export async function playAll(host: CliHost, play: Play): Promise<Played> {
  const { scenarios, seed = randomInt(2 ** 31) } = play;
  // What runs scenarios (proxies, metrics, subjects) is loaded once the arguments are right.
  const { acquireToxiproxy } = await import('../toxiproxy/index.ts');
  const { buildReport } = await import('../report/index.ts');
  const say = play.json ? host.err : host.out;
  const { faint } = paint(host.colour);
  const outDir = resolve(play.outDir);
  const startedAt = new Date();
  const toxiproxy = await acquireToxiproxy({ onProgress: (line) => host.err(`${line}\n`) });
  const outcomes: Outcome[] = [];
  try {
    say(faint(`network ${toxiproxy.describe()}\nseed    ${seed}\n`));
    const isTold = (skipped: boolean) => !skipped || play.skipsTogether === undefined;
    const total = scenarios.filter((each) => isTold(play.whyNot(each) !== null)).length;
    let told = 0;
    for (const scenario of scenarios) {
      const outcome = await playOne({ ...play, seed, outDir }, scenario, toxiproxy);
      outcomes.push(outcome);
      if (!isTold(outcome.verdict === 'skipped')) continue;
      say(`${faint(`[${++told}/${total}]`)} ${outcomeLine(outcome, paint(host.colour))}\n`);
    }
    if (play.skipsTogether) say(skipLines(outcomes, host));
  } finally {
    await toxiproxy.stop();
  }
  const info: RunInfo = {
    startedAt: startedAt.toISOString(),
    seed: String(seed),
    ...(play.judged === undefined ? {} : { judged: play.judged }),
    environment: { node: process.versions.node, os: `${process.platform} ${process.arch}` },
  };
  await mkdir(outDir, { recursive: true });
  await writeFile(join(outDir, 'run.json'), `${JSON.stringify(info, null, 2)}\n`);
  const { files } = buildReport({ resultsDir: outDir, outDir: join(outDir, 'report') });
  return { seed, counts: totals(outcomes), outcomes, report: files.html };
}

/** The last lines for a person. */
export function sumLine({ counts, report }: Pick<Played, 'counts' | 'report'>): string {
  const { passed, failed, unknown, skipped } = counts;
  const skips = skipped > 0 ? `, ${skipped} skipped` : '';
  return `\n${passed} true, ${failed} false, ${unknown} unknown${skips}\nreport ${shown(report)}\n`;
}

/** What the process ends with. */
export function exitCode({ counts }: Pick<Played, 'counts'>): number {
  if (counts.failed + counts.unknown > 0) return EXIT.failed;
  return counts.passed > 0 ? EXIT.passed : EXIT.unusable;
}

async function playOne(
  play: Play & { readonly seed: number },
  scenario: Scenario,
  toxiproxy: ToxiproxyServer,
): Promise<Outcome> {
  const { subject, server, patienceMs } = play;
  const { runScenario, writeAbsent } = await import('../runner/index.ts');
  const { deriveSeed } = await import('../runner/random.ts');
  const folder = `${scenario.id}-${server.name}`.replaceAll(/[^\w.-]+/g, '-');
  const outDir = join(play.outDir, folder);
  // Derived as the Playwright specs do, so that a seed means the same in both.
  const seed = deriveSeed(play.seed, `${scenario.id} ${subject.name} ${server.name}`);
  const reason = play.whyNot(scenario);
  if (reason !== null) {
    await writeAbsent({ scenario, subject, server, toxiproxy, seed, outDir, reason });
    return { id: scenario.id, server: server.name, verdict: 'skipped', reason };
  }
  const run = await runScenario({
    scenario,
    subject,
    target: server.start,
    toxiproxy,
    seed,
    outDir,
    ...(patienceMs === undefined ? {} : { patienceMs }),
  });
  const outcome = outcomeOf(run, outDir);
  if (outcome.verdict !== true && run.log) await writeFile(join(outDir, 'log.txt'), `${run.log}\n`);
  return outcome;
}
