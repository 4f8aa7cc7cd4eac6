import { type Command, Option } from 'commander';
import type { ClientFact, StreamEvent } from '../../kit/client/node/index.ts';
import { collect, duration, wholeNumber } from './arguments.ts';
import { endpointUrl, requestHeaders, shownUrl } from './endpoint.ts';
import { type CliHost, EXIT } from './host.ts';
import { paint } from './paint.ts';
import { eventLine, eventRecord, factLine, factRecord, type TailRecord } from './tail-lines.ts';

interface TailFlags {
  readonly header: readonly string[];
  readonly from?: string;
  readonly cursor: 'header' | 'query';
  readonly count?: number;
  readonly for?: number;
  readonly json?: true;
}

/** `sse-kit tail`: prints any event stream, and goes on where it was when the connection is lost. */
export function addTail(program: Command, host: CliHost, exit: (code: number) => void): void {
  program
    .command('tail')
    .description('print an event stream, resumed after every disconnect')
    .argument('<url>', 'of the stream, http or https')
    .option(
      '-H, --header <name:value>',
      'sent with each request; may be repeated, never printed',
      collect,
      [],
    )
    .option('--from <id>', 'go on after this event id (default: from now on)')
    .addOption(
      new Option('--cursor <where>', 'how the server is told where to go on: Last-Event-ID, or ?lastEventId=')
        .choices(['header', 'query'])
        .default('header'),
    )
    .option('--count <n>', 'end after so many events', wholeNumber(1))
    .option('--for <duration>', 'end after so long: 500ms, 20s, 2m, 1h', duration)
    .option('--json', 'one JSON object a line: events and what became of the connection')
    .addHelpText(
      'after',
      '\nExit codes: 0 ended as asked, by the server, or by Ctrl-C; 1 gave up, or ended without the --count\n' +
        'of events or without ever being open; 2 wrong usage.',
    )
    .action(async (url: string, flags: TailFlags) => {
      exit(await tail(host, endpointUrl(url), requestHeaders(flags.header), flags));
    });
}

async function tail(
  host: CliHost,
  url: URL,
  headers: Record<string, string>,
  flags: TailFlags,
): Promise<number> {
  const { connect } = await import('../../kit/client/node/index.ts');
  const { count = Number.POSITIVE_INFINITY } = flags;
  const { onEvent, onFact } = printer(host, flags.json === true);
  let events = 0;
  let opened = false;
  let asked = false;
  const stream = connect(url, {
    name: shownUrl(url),
    headers,
    cursor: flags.cursor,
    from: flags.from ?? null,
    onEvent(event) {
      if (events >= count) return;
      onEvent(event);
      if (++events === count) void stream.close('--count');
    },
    observe(fact) {
      opened ||= fact.kind === 'open';
      onFact(fact);
    },
  });
  const timer = flags.for === undefined ? undefined : setTimeout(() => void stream.close('--for'), flags.for);
  const over = new AbortController();
  void host.interrupted(over.signal).then(() => {
    asked = true;
    return stream.close('interrupted');
  });
  const reason = await stream.closed;
  clearTimeout(timer);
  over.abort();
  if (!flags.json) sum(host, events, stream.stats().cursor);
  if (asked) return EXIT.passed;
  // A stream that is complete may say so by 204, and then it was never open.
  const had = flags.count === undefined ? opened || reason.type === 'complete' : events >= flags.count;
  return had && (reason.type === 'closed' || reason.type === 'complete') ? EXIT.passed : EXIT.failed;
}

function sum(host: CliHost, events: number, cursor: string | null): void {
  const resume = cursor === null ? '' : `; to go on after it: --from '${cursor.replaceAll("'", "'\\''")}'`;
  host.err(`${events} ${events === 1 ? 'event' : 'events'}${resume}\n`);
}

function printer(host: CliHost, json: boolean) {
  const layout = { paint: paint(host.colour), columns: host.columns };
  const write = (record: TailRecord | null) => {
    if (record) host.out(`${JSON.stringify(record)}\n`);
  };
  return {
    onEvent(event: StreamEvent) {
      const at = Date.now();
      if (json) write(eventRecord(event, at));
      else host.out(`${eventLine(event, at, layout)}\n`);
    },
    onFact(fact: ClientFact) {
      if (json) write(factRecord(fact));
      else {
        const line = factLine(fact, layout);
        if (line !== null) host.out(`${line}\n`);
      }
    },
  };
}
