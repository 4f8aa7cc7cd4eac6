import { type Command, Option } from 'commander';
import { collect, wholeNumber } from './arguments.ts';
import { type CliHost, findServer } from './host.ts';
import { exitCode, playAll, sumLine } from './play.ts';
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
  // The catalogue is light; what runs it is loaded once the arguments are right.
  const { scenarios } = await import('../scenarios/index.ts');
  const wanted = selectScenarios(scenarios, { ids, tags: flags.tag, all: flags.all === true });
  const server = await findServer(host, flags.server);
  const { missingCapabilities } = await import('../runner/index.ts');
  const { kitNode } = await import('../subjects/kit-node.ts');
  const subject = kitNode();
  const json = flags.json === true;
  const played = await playAll(host, {
    scenarios: wanted,
    subject,
    server,
    whyNot: (scenario) => {
      const missing = [
        ...missingCapabilities(scenario, subject.capabilities, server.capabilities),
        ...(server.missingPackages?.(scenario.server ?? {}) ?? []).map((name) => `the package ${name}`),
      ];
      return missing.length === 0 ? null : `${subject.name} on ${server.name} lacks ${missing.join(', ')}`;
    },
    patienceMs: flags.patience,
    seed: flags.seed,
    outDir: flags.out,
    json,
  });
  if (json) host.out(`${JSON.stringify(played, null, 2)}\n`);
  (json ? host.err : host.out)(sumLine(played));
  return exitCode(played);
}
