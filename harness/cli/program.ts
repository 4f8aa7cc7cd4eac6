import { Command, CommanderError } from 'commander';
import { SseKitError } from '../../kit/protocol/index.ts';
import { KIT_VERSION } from '../subjects/kit/capabilities.ts';
import { addAudit } from './audit.ts';
import { addChaos } from './chaos.ts';
import { type CliHost, EXIT, notInstalled } from './host.ts';
import { addScenarios } from './list.ts';
import { paint } from './paint.ts';
import { addReport } from './report.ts';
import { addRun } from './run.ts';
import { addServe } from './serve.ts';
import { addSimulate } from './simulate.ts';
import { addTail } from './tail.ts';
import { addToxiproxy } from './toxiproxy.ts';

/**
 * Runs the command line and says what the process should end with (`EXIT`). Never rejects: what goes wrong is
 * written to `host.err`, with its code.
 * @param args without the program's name.
 */
export async function sseKit(args: readonly string[], host: CliHost): Promise<number> {
  let code: number = EXIT.passed;
  const exit = (wanted: number) => {
    code = wanted;
  };
  const { bad } = paint(host.colour);
  const program = new Command('sse-kit')
    .description('Breaks Server-Sent Events in every way that production does, and judges what came of it.')
    .version(KIT_VERSION)
    .exitOverride()
    .showHelpAfterError('(--help shows what there is)')
    .configureOutput({ writeOut: host.out, writeErr: host.err, getOutHasColors: () => host.colour });
  addScenarios(program, host);
  addRun(program, host, exit);
  addToxiproxy(program, host, exit);
  addReport(program, host, exit);
  addTail(program, host, exit);
  addAudit(program, host, exit);
  addChaos(program, host, exit);
  addServe(program, host, exit);
  addSimulate(program, host, exit);
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    // Commander has said what it wanted to say; help and version are no failures.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.passed : EXIT.unusable;
    host.err(`${bad('error')} ${explain(error)}\n`);
    return EXIT.unusable;
  }
}

function explain(error: unknown): string {
  if (error instanceof SseKitError) return `${error.message} [${error.code}]`;
  if (!(error instanceof Error)) return String(error);
  const missing = 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
  const [, name] = (missing && /Cannot find package '([^']+)'/.exec(error.message)) || [];
  if (name) return notInstalled([name]);
  // The system's own word (no such folder, not permitted) is about what was asked; any other error is a bug of ours.
  return 'syscall' in error ? error.message : (error.stack ?? error.message);
}
