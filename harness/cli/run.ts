import { randomInt } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { SseKitError } from '../../kit/protocol/index.ts';
import type { RunInfo } from '../report/types.ts';
import type { Scenario } from '../scenarios/index.ts';
import { collect, wholeNumber } from './arguments.ts';
import { type CliHost, type CliServer, EXIT } from './host.ts';
import { type Outcome, outcomeLine, outcomeOf, totals } from './outcome.ts';
import { paint, shown } from './paint.ts';
import { selectScenarios } from './select.ts';

interface RunFlags {
  readonly all?: true;
  readonly tag: readonly string[];
  readonly seed?: number;
  readonly server: string;
  readonly out: string;
  readonly patience?: number;
  readonly json?: true;
}

/** `sse-kit run`: plays scenarios with the kit's Node client, judges them, and writes artefacts and the report. */
export function addRun(program: Command, host: CliHost, exit: (code: number) => void): void {
  program
    .command('run')
    .description('run scenarios with the kit’s Node client, without Playwright')
    .argument('[ids...]', 'scenarios by id, such as connect/baseline')
    .option('--all', 'every scenario')
    .option('--tag <tag>', 'scenarios with the tag; may be repeated', collect, [])
    .option(
      '--seed <n>',
      'replays every random choice (default: a random one, which is printed)',
      wholeNumber(0),
    )
    .addOption(
      new Option('--server <name>', 'server under test')
        .choices(host.serverNames)
        .default(host.serverNames[0]),
    )
    .option('--out <dir>', 'folder for artefacts and report', 'test-results/sse-kit')
    .option('--patience <ms>', 'longest wait for any one event (default: 20000)', wholeNumber(1))
    .option('--json', 'results as JSON on stdout; progress goes to stderr')
    .addHelpText('after', '\nExit codes: 0 all true, 1 some false or unknown, 2 nothing could be judged.')
    .action(async (ids: readonly string[], flags: RunFlags) => {
      exit(await run(host, ids, flags));
    });
}

async function run(host: CliHost, ids: readonly string[], flags: RunFlags): Promise<number> {
  // The catalogue is light; what runs it (proxies, metrics, subjects) is loaded once the arguments are right.
  const { scenarios } = await import('../scenarios/index.ts');
  const wanted = selectScenarios(scenarios, { ids, tags: flags.tag, all: flags.all === true });
  const server = await findServer(host, flags.server);
  const { acquireToxiproxy } = await import('../toxiproxy/index.ts');
  const { buildReport } = await import('../report/index.ts');

  const seed = flags.seed ?? randomInt(2 ** 31);
  const say = flags.json ? host.err : host.out;
  const { faint } = paint(host.colour);
  const outDir = resolve(flags.out);
  const startedAt = new Date();
  const toxiproxy = await acquireToxiproxy({ onProgress: (line) => host.err(`${line}\n`) });
  const outcomes: Outcome[] = [];
  try {
    say(faint(`network ${toxiproxy.describe()}\nseed    ${seed}\n`));
    for (const scenario of wanted) {
      const place = `[${outcomes.length + 1}/${wanted.length}]`;
      const outcome = await playOne({
        scenario,
        server,
        toxiproxy,
        seed,
        outDir,
        patienceMs: flags.patience,
      });
      outcomes.push(outcome);
      say(`${faint(place)} ${outcomeLine(outcome, paint(host.colour))}\n`);
    }
  } finally {
    await toxiproxy.stop();
  }
  const info: RunInfo = {
    startedAt: startedAt.toISOString(),
    seed: String(seed),
    environment: { node: process.versions.node, os: `${process.platform} ${process.arch}` },
  };
  await mkdir(outDir, { recursive: true });
  await writeFile(join(outDir, 'run.json'), `${JSON.stringify(info, null, 2)}\n`);
  const { files } = buildReport({ resultsDir: outDir, outDir: join(outDir, 'report') });
  const counts = totals(outcomes);
  if (flags.json) {
    host.out(`${JSON.stringify({ seed, counts, outcomes, report: files.html }, null, 2)}\n`);
  }
  say(`\n${counts.passed} true, ${counts.failed} false, ${counts.unknown} unknown`);
  say(`${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}\nreport ${shown(files.html)}\n`);
  if (counts.failed + counts.unknown > 0) return EXIT.failed;
  return counts.passed > 0 ? EXIT.passed : EXIT.unusable;
}

interface PlayParts {
  readonly scenario: Scenario;
  readonly server: CliServer;
  readonly toxiproxy: Awaited<ReturnType<typeof import('../toxiproxy/index.ts').acquireToxiproxy>>;
  readonly seed: number;
  readonly outDir: string;
  readonly patienceMs: number | undefined;
}

async function playOne(parts: PlayParts): Promise<Outcome> {
  const { scenario, server, toxiproxy, seed, patienceMs } = parts;
  const { missingCapabilities, runScenario, writeAbsent } = await import('../runner/index.ts');
  const { deriveSeed } = await import('../runner/random.ts');
  const { kitNode } = await import('../subjects/kit-node.ts');
  const subject = kitNode();
  const outDir = join(parts.outDir, `${scenario.id.replaceAll('/', '-')}-${server.name}`);
  // Derived as the Playwright specs do, so that a seed means the same in both.
  const derived = deriveSeed(seed, `${scenario.id} ${subject.name} ${server.name}`);
  const missing = [
    ...missingCapabilities(scenario, subject.capabilities, server.capabilities),
    ...(server.missingPackages?.(scenario.server ?? {}) ?? []).map((name) => `the package ${name}`),
  ];
  if (missing.length > 0) {
    const reason = `${subject.name} on ${server.name} lacks ${missing.join(', ')}`;
    await writeAbsent({ scenario, subject, server, toxiproxy, seed: derived, outDir, reason });
    return { id: scenario.id, server: server.name, verdict: 'skipped', reason };
  }
  const run = await runScenario({
    scenario,
    subject,
    target: server.start,
    toxiproxy,
    seed: derived,
    outDir,
    ...(patienceMs === undefined ? {} : { patienceMs }),
  });
  const outcome = outcomeOf(run, outDir);
  if (outcome.verdict !== true && run.log) await writeFile(join(outDir, 'log.txt'), `${run.log}\n`);
  return outcome;
}

async function findServer(host: CliHost, name: string): Promise<CliServer> {
  const found = (await host.loadServers()).find((each) => each.name === name);
  if (!found) throw new Error(`the server ${name} was announced and is not there`);
  const missing = found.missingPackages?.({}) ?? [];
  if (missing.length > 0) throw new SseKitError('ERR_USAGE', notInstalled(missing));
  return found;
}

/** What to say and do about optional peers that are missing. */
export function notInstalled(names: readonly string[]): string {
  const [what, are] = names.length === 1 ? ['package', 'is'] : ['packages', 'are'];
  const list = names.join(' and ');
  return `scenarios need the ${what} ${list}, which ${are} not installed: npm install --save-dev ${names.join(' ')}`;
}
