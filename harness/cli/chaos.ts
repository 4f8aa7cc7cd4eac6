import { type Command, Option } from 'commander';
import type { Advice, Look } from '../black-box/index.ts';
import type { Scenario } from '../scenarios/index.ts';
import { collect, duration, wholeNumber } from './arguments.ts';
import { endpointUrl, requestHeaders, shownUrl } from './endpoint.ts';
import type { CliHost } from './host.ts';
import type { Outcome } from './outcome.ts';
import { paint } from './paint.ts';
import { wrapped } from './plain-text.ts';
import { exitCode, playAll, sumLine } from './play.ts';
import { selectScenarios } from './select.ts';

interface ChaosFlags {
  readonly header: readonly string[];
  readonly cursor: 'header' | 'query';
  readonly only?: readonly string[];
  readonly tag: readonly string[];
  readonly for?: number;
  readonly seed?: number;
  readonly out: string;
  readonly json?: true;
}

/** How long a stream is looked at, in milliseconds. */
const LOOK_MS = 5000;
/** Longest wait for its answer and for its first event, unless `--for` says otherwise. */
const FIRST_EVENT_MS = 20_000;
/** Attempts of a scenario that does not count them. */
const FEW_ATTEMPTS = 6;
/** What a scenario takes on average: seconds of its own, and events. */
const SCENARIO_S = 2.5;
const SCENARIO_EVENTS = 15;

/** `sse-kit chaos`: breaks the network in front of any event stream, and judges what came of it. */
export function addChaos(program: Command, host: CliHost, exit: (code: number) => void): void {
  program
    .command('chaos')
    .description('break the network in front of any event stream, and judge what came of it')
    .argument('<url>', 'of the stream, http or https')
    .option(
      '-H, --header <name:value>',
      'sent with each request; may be repeated, never printed nor recorded',
      collect,
      [],
    )
    .addOption(
      new Option('--cursor <where>', 'how the server is told where to go on: Last-Event-ID, or ?lastEventId=')
        .choices(['header', 'query'])
        .default('header'),
    )
    .option(
      '--only <id...>',
      'scenarios by id, such as resume/inside-buffer (default: all that say something)',
    )
    .option('--tag <tag>', 'scenarios with the tag; may be repeated', collect, [])
    .option(
      '--for <duration>',
      'longest wait for the events of one step (default: 20s, longer where events are rare)',
      duration,
    )
    .option(
      '--seed <n>',
      'replays every random choice (default: a random one, which is printed)',
      wholeNumber(0),
    )
    .option('--out <dir>', 'folder for artefacts and report', 'test-results/sse-kit-chaos')
    .option('--json', 'results as JSON on stdout; progress goes to stderr')
    .addHelpText(
      'after',
      '\nOnly the network is broken: the server is asked with GET, and for nothing but its stream. Let events flow.' +
        '\n\nExit codes: 0 all true; 1 something was lost, repeated, out of order or not noticed, or could not be' +
        '\njudged; 2 wrong usage, or nothing could be judged (nobody answers, no events come).',
    )
    .action(async (url: string, flags: ChaosFlags) => {
      exit(await chaos(host, endpointUrl(url), requestHeaders(flags.header), flags));
    });
}

async function chaos(
  host: CliHost,
  url: URL,
  headers: Record<string, string>,
  flags: ChaosFlags,
): Promise<number> {
  const { scenarios } = await import('../scenarios/index.ts');
  const { only: ids = [], tag: tags } = flags;
  const wanted = selectScenarios(scenarios, { ids, tags, all: ids.length + tags.length === 0 });
  // What breaks and judges is loaded once the arguments are right.
  const { adviceOn, atPaceOf, foreignTarget, lookAt, patienceFor, questionOf, whySkipped } = await import(
    '../black-box/index.ts'
  );
  const { kitNode } = await import('../subjects/kit-node.ts');
  const json = flags.json === true;
  const say = json ? host.err : host.out;
  const { faint } = paint(host.colour);

  const question = questionOf(url, { headers, cursor: flags.cursor });
  say(faint(`looking at ${shownUrl(url)}\n`));
  const look = await lookAt(question, { forMs: LOOK_MS, patienceMs: flags.for ?? FIRST_EVENT_MS });
  const patienceMs = flags.for ?? patienceFor(look);
  const subject = kitNode();
  const whyNot = (each: Scenario) => whySkipped(each, look, subject.capabilities);
  const playable = wanted.filter((each) => whyNot(each) === null);
  say(faint(`${lookLine(look)}\n${planLine(playable, wanted.length, look)}\n`));
  const played = await playAll(host, {
    scenarios: wanted.map((each) => atPaceOf(each, look, question)),
    subject,
    server: { name: question.url.host, start: foreignTarget(question, look, patienceMs) },
    whyNot,
    skipsTogether: true,
    judged: question.url.host,
    patienceMs,
    seed: flags.seed,
    outDir: flags.out,
    json,
  });
  const advice = adviceOn(look, played.outcomes.flatMap(brokenChecks));
  if (json) {
    host.out(`${JSON.stringify({ version: 1, url: shownUrl(url), look, ...played, advice }, null, 2)}\n`);
  }
  say(adviceText(advice, host));
  say(sumLine(played));
  return exitCode(played);
}

function lookLine({ events, named, perSecond, positions }: Look): string {
  const ids =
    named === events
      ? 'each with an id'
      : named === 0
        ? 'none with an id'
        : `${named} of ${events} with an id`;
  const kind = positions ? '; it speaks this kit’s protocol' : '';
  return `  ${perSecond.toFixed(1)} events a second, ${ids}${kind}`;
}

/** What is going to happen to somebody's server, before it does. */
function planLine(playable: readonly Scenario[], wanted: number, { perSecond }: Look): string {
  const requests = playable.reduce((sum, { budget }) => sum + 1 + (budget.attempts?.max ?? FEW_ATTEMPTS), 0);
  const seconds = playable.length * (SCENARIO_S + SCENARIO_EVENTS / perSecond);
  const time = seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`;
  return [
    `  ${playable.length} of ${wanted} scenarios say something about it; about ${time} at this pace`,
    `  about ${requests} more requests (GET), never more than two at a time`,
  ].join('\n');
}

function brokenChecks(outcome: Outcome): readonly string[] {
  if (outcome.verdict !== false) return [];
  return outcome.complaints.flatMap(({ check, broken }) => (broken ? [check] : []));
}

function adviceText(advice: readonly Advice[], { colour, columns = 80 }: CliHost): string {
  const { strong, faint } = paint(colour);
  return advice
    .map(({ lacks, change }) => {
      const told = wrapped(lacks, columns - 2).map((line) => `\n  ${strong(line)}`);
      const todo = wrapped(`→ ${change}`, columns - 2).map((line) => `\n  ${faint(line)}`);
      return `${told.join('')}${todo.join('')}\n`;
    })
    .join('');
}
