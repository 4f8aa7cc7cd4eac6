import { setTimeout as pause } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { SseKitError } from '../../kit/protocol/index.ts';
import { span } from '../audit/findings.ts';
import { DEFAULT_SERVER, type ServerSettings, type Target } from '../runner/target.ts';
import { createHistoryWatch } from '../runner/watch.ts';
import { duration, wholeNumber } from './arguments.ts';
import { type CliHost, type CliServer, EXIT, findServer } from './host.ts';
import { paint } from './paint.ts';

interface ServeFlags {
  readonly server: string;
  readonly port?: number;
  readonly every: number;
}

/** Events kept for replay: an hour of them at the default pace. */
const RETAINED = 3600;
/** A person who closes the program does not wait for readers. */
const DRAIN_MS = 500;

/** `sse-kit serve`: a demo stream with its page, to look at and to break. */
export function addServe(program: Command, host: CliHost, exit: (code: number) => void): void {
  program
    .command('serve')
    .description('start the demo: a stream with events, and a page that shows it')
    .addOption(
      new Option('--server <name>', 'framework that serves it')
        .choices(host.serverNames)
        .default(host.serverNames[0]),
    )
    .option('--port <n>', 'where it listens, on 127.0.0.1 (default: any free port)', wholeNumber(0, 65_535))
    .addOption(
      new Option('--every <duration>', 'pause between two events: 50ms, 1s, 1m')
        .argParser(duration)
        .default(1000, '1s'),
    )
    .addHelpText('after', '\nCtrl-C ends it: readers are told, and the exit code is 0.')
    .action(async (flags: ServeFlags) => {
      exit(await serve(host, flags));
    });
}

async function serve(host: CliHost, { server: name, port, every }: ServeFlags): Promise<number> {
  const server = await findServer(host, name);
  const settings = {
    ...DEFAULT_SERVER,
    retainEvents: RETAINED,
    drainMs: DRAIN_MS,
    // Between two events, so that one is seen: each event puts the next heartbeat off.
    heartbeatMs: Math.min(15_000, Math.max(20, Math.floor(every * 0.6))),
    ...(port === undefined ? {} : { port }),
  };
  const target = await start(server, settings);
  const over = new AbortController();
  try {
    host.out(greeting(target, every, host));
    const ended = host.interrupted(over.signal);
    await Promise.race([ended, publishEvery(target, every, over.signal)]);
    over.abort();
    await target.kill('SIGTERM');
  } finally {
    over.abort();
    await target.stop();
  }
  return EXIT.passed;
}

function greeting(target: Target, every: number, { colour }: CliHost): string {
  const { strong, faint } = paint(colour);
  const stream = target.url();
  const rows = [
    ['page', `${new URL('/', stream)}`],
    ['stream', stream],
    ['metrics', target.metricsUrl?.() ?? 'none'],
  ].map(([what = '', url = '']) => `  ${faint(what.padEnd(8))} ${strong(url)}\n`);
  const next = [
    ['sse-kit chaos', 'breaks the network in front of it'],
    ['sse-kit tail', 'prints it, resumed after every disconnect'],
    ['sse-kit audit', 'grades it'],
  ].map(
    ([command = '', what = '']) => `  ${`${command} ${stream}`.padEnd(stream.length + 15)} ${faint(what)}\n`,
  );
  const intro = `${target.name} sends an event every ${span(every)}. Ctrl-C ends it.\n\n`;
  return `${intro}${rows.join('')}\n${faint('What to try next, in another terminal:')}\n${next.join('')}`;
}

/** @throws SseKitError `ERR_USAGE` when the port is taken. */
function start({ start }: CliServer, settings: ServerSettings): Promise<Target> {
  const unread = createHistoryWatch(() => undefined);
  return start(settings, unread).catch((error: unknown) => {
    if (!String(error).includes('EADDRINUSE')) throw error;
    throw new SseKitError('ERR_USAGE', `port ${settings.port} is taken: choose another by --port`);
  });
}

/** Publishes until told to stop. @throws what the server answers to a publication that it refuses. */
async function publishEvery(target: Target, everyMs: number, signal: AbortSignal): Promise<void> {
  for (let number = 1; !signal.aborted; number++) {
    try {
      await pause(everyMs, undefined, { signal });
      await target.publish([{ type: 'tick', data: { number, text: `event ${number}` } }]);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
