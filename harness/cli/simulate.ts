import { randomInt } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { quote } from '../../kit/protocol/index.ts';
import type { Campaign, Conviction, Schedule } from '../simulation/index.ts';
import { duration, wholeNumber } from './arguments.ts';
import { type CliHost, EXIT } from './host.ts';
import { paint, shown } from './paint.ts';

/** What is played again: a schedule of a campaign, or one in a file. */
type Replay = { readonly seed: number; readonly index: number } | { readonly file: string };

interface SimulateFlags {
  readonly seed?: number;
  readonly schedules?: number;
  readonly for?: number;
  readonly replay?: Replay;
  readonly out: string;
  readonly json?: true;
}

/** Schedules that are played where neither a number nor a time is given. */
const DEFAULT_SCHEDULES = 1000;

/** `sse-kit simulate`: client and server cores in one process, in virtual time, under many fault schedules. */
export function addSimulate(program: Command, host: CliHost, exit: (code: number) => void): void {
  program
    .command('simulate')
    .description('play thousands of fault schedules in virtual time, and judge each')
    .option('--seed <n>', 'decides every schedule (default: a random one, which is printed)', wholeNumber(0))
    .option('--schedules <n>', `how many (default: ${DEFAULT_SCHEDULES})`, wholeNumber(1))
    .addOption(
      new Option('--for <duration>', 'as many as there is time for: 30s, 5m')
        .argParser(duration)
        .conflicts('schedules'),
    )
    .addOption(
      new Option('--replay <what>', 'one schedule again: <seed>:<number>, or a file that was written')
        .argParser(replay)
        .conflicts(['seed', 'schedules', 'for']),
    )
    .option('--out <dir>', 'folder for the smallest schedules that fail', 'test-results/sse-kit')
    .option('--json', 'results as JSON on stdout')
    .addHelpText(
      'after',
      '\nExit codes: 0 all promises held, 1 one was broken (or undecided), 2 wrong usage.',
    )
    .action(async (flags: SimulateFlags) => {
      exit(flags.replay ? await playAgain(host, flags.replay, flags) : await simulateMany(host, flags));
    });
}

async function simulateMany(host: CliHost, flags: SimulateFlags): Promise<number> {
  const { runCampaign } = await import('../simulation/index.ts');
  const { campaignCard } = await import('./simulate-card.ts');
  const seed = flags.seed ?? randomInt(2 ** 31);
  const schedules =
    flags.schedules ?? (flags.for === undefined ? DEFAULT_SCHEDULES : Number.POSITIVE_INFINITY);
  const { faint } = paint(host.colour);
  if (!flags.json) host.err(faint(`seed ${seed}\n`));
  const stopping = new AbortController();
  const over = new AbortController();
  const timer = flags.for === undefined ? undefined : setTimeout(() => stopping.abort(), flags.for);
  void host.interrupted(over.signal).then(() => stopping.abort());
  const progress = progressOf(host);
  const campaign = await runCampaign({
    seed,
    schedules,
    signal: stopping.signal,
    onPlayed: progress.tell,
  }).finally(() => {
    clearTimeout(timer);
    over.abort();
    progress.clear();
  });
  const files = await keep(flags.out, campaign.convictions);
  host.out(
    flags.json
      ? `${JSON.stringify(asJson(campaign, files), null, 2)}\n`
      : campaignCard(campaign, files, host),
  );
  if (campaign.failed + campaign.unknown > 0) return EXIT.failed;
  return campaign.passed > 0 ? EXIT.passed : EXIT.unusable;
}

async function playAgain(host: CliHost, what: Replay, flags: SimulateFlags): Promise<number> {
  const { describeSchedule, simulate } = await import('../simulation/index.ts');
  const { formatVerdict } = await import('../oracle/index.ts');
  const schedule = await scheduleFrom(what);
  const { verdict, history } = await simulate(schedule);
  const passed = verdict.verdict === true;
  if (flags.json) host.out(`${JSON.stringify({ schedule, verdict, history }, null, 2)}\n`);
  else {
    const { good, bad } = paint(host.colour);
    const mark = passed ? good('✓ true') : bad(`✗ ${verdict.verdict}`);
    host.out(`${mark} ${verdict.summary}\n${describeSchedule(schedule)}`);
    if (!passed) host.out(`${formatVerdict(verdict)}\n`);
  }
  return passed ? EXIT.passed : EXIT.failed;
}

async function scheduleFrom(what: Replay): Promise<Schedule> {
  const { readSchedule, scheduleOf } = await import('../simulation/index.ts');
  return 'file' in what ? readSchedule(await readFile(what.file, 'utf8')) : scheduleOf(what.seed, what.index);
}

function replay(text: string): Replay {
  const [, seed, index] = /^(\d+):(\d+)$/.exec(text) ?? [];
  if (seed !== undefined && index !== undefined) return { seed: Number(seed), index: Number(index) };
  if (/^\d*:?\d*$/.test(text)) {
    throw new InvalidArgumentError(`It must be <seed>:<number> or a file, got ${quote(text)}.`);
  }
  return { file: text };
}

/** Writes the smallest schedules, to be played again. @returns the files, by check. */
async function keep(
  dir: string,
  convictions: readonly Conviction[],
): Promise<ReadonlyMap<Conviction, string>> {
  const files = new Map<Conviction, string>();
  for (const conviction of convictions) {
    const { seed, index, check, schedule } = conviction;
    const file = join(dir, `simulate-${seed}-${index}-${check}.json`);
    await mkdir(dir, { recursive: true });
    await writeFile(file, `${JSON.stringify(schedule, null, 2)}\n`);
    files.set(conviction, shown(file));
  }
  return files;
}

function asJson(campaign: Campaign, files: ReadonlyMap<Conviction, string>) {
  const { coverage, convictions, ...numbers } = campaign;
  return {
    ...numbers,
    faults: coverage.faults,
    seen: coverage.seen,
    checks: coverage.checks,
    convictions: convictions.map((each) => ({ ...each, file: files.get(each) })),
  };
}

/** On a terminal one line that changes, elsewhere nothing: the result says it all. */
function progressOf({ columns, err, colour }: CliHost) {
  const isTerminal = columns !== undefined;
  const { faint, bad } = paint(colour);
  let toldAt = 0;
  return {
    tell(played: number, failed: number): void {
      const now = performance.now();
      if (!isTerminal || now - toldAt < 200) return;
      toldAt = now;
      err(`\r${faint(`${played} schedules`)}${failed > 0 ? bad(`, ${failed} failed`) : ''}`);
    },
    clear(): void {
      if (toldAt > 0) err('\r\u001b[K');
    },
  };
}
