import { type Command, Option } from 'commander';
import { SseKitError } from '../../kit/protocol/index.ts';
import type { AuditReport, Verdict } from '../audit/index.ts';
import { collect, duration } from './arguments.ts';
import { auditCard } from './audit-card.ts';
import { endpointUrl, requestHeaders, shownUrl } from './endpoint.ts';
import { type CliHost, EXIT } from './host.ts';
import { paint } from './paint.ts';

interface AuditFlags {
  readonly header: readonly string[];
  readonly for: number;
  readonly idle: number;
  readonly origin?: string;
  readonly failOn: 'warn' | 'fail';
  readonly json?: true;
}

/** `sse-kit audit`: grades any event stream. */
export function addAudit(program: Command, host: CliHost, exit: (code: number) => void): void {
  program
    .command('audit')
    .description('grade an event stream, and name the proxy fault that it shows')
    .argument('<url>', 'of the stream, http or https')
    .option(
      '-H, --header <name:value>',
      'sent with each request; may be repeated, never printed',
      collect,
      [],
    )
    .addOption(
      new Option('--for <duration>', 'how long to look: 5s, 20s, 2m')
        .argParser(duration)
        .default(20_000, '20s'),
    )
    .addOption(
      new Option('--idle <duration>', 'an idle stream has to say something within so long')
        .argParser(duration)
        .default(15_000, '15s'),
    )
    .option('--origin <origin>', 'also ask for CORS, as a page of this origin would')
    .addOption(
      new Option('--fail-on <verdict>', 'what makes the exit code 1')
        .choices(['warn', 'fail'])
        .default('fail'),
    )
    .option('--json', 'the report as JSON on stdout')
    .addHelpText(
      'after',
      '\nExit codes: 0 nothing that --fail-on names; 1 something; 2 wrong usage, or nobody answered.',
    )
    .action(async (url: string, flags: AuditFlags) => {
      exit(await audit(host, endpointUrl(url), requestHeaders(flags.header), flags));
    });
}

async function audit(
  host: CliHost,
  url: URL,
  headers: Record<string, string>,
  flags: AuditFlags,
): Promise<number> {
  const origin = flags.origin === undefined ? null : originOf(flags.origin);
  const { judgeAudit, observe } = await import('../audit/index.ts');
  const shown = shownUrl(url);
  if (!flags.json) host.err(paint(host.colour).faint(`listening to ${shown} for ${flags.for / 1000} s\n`));
  const early = new AbortController();
  const over = new AbortController();
  void host.interrupted(over.signal).then(() => early.abort());
  const target = { url, shownUrl: shown, headers, origin, forMs: flags.for, idleMs: flags.idle };
  const seen = await observe(target, early.signal).finally(() => over.abort());
  const { stream } = seen;
  if (stream.headAt === null && stream.ending.by === 'cut') {
    throw new SseKitError('ERR_NO_ANSWER', `no answer from ${shown}: ${stream.ending.message}`);
  }
  const report = judgeAudit(seen);
  host.out(flags.json ? `${JSON.stringify(report, null, 2)}\n` : auditCard(report, host));
  return passes(report, flags.failOn) ? EXIT.passed : EXIT.failed;
}

function passes({ counts }: AuditReport, failOn: Extract<Verdict, 'warn' | 'fail'>): boolean {
  return counts.fail === 0 && (failOn === 'fail' || counts.warn === 0);
}

/** @throws SseKitError `ERR_USAGE` */
function originOf(text: string): string {
  const { origin } = endpointUrl(text);
  if (origin === text) return origin;
  throw new SseKitError('ERR_USAGE', `an origin has no path: --origin ${origin}`);
}
