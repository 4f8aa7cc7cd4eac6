import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { quote, SseKitError } from '../../kit/protocol/index.ts';
import { type CliHost, EXIT } from './host.ts';
import { shown } from './paint.ts';

interface ReportFlags {
  readonly out?: string;
  readonly mutants?: string;
  readonly json?: true;
}

/** `sse-kit report`: builds the report of a folder of results again. */
export function addReport(program: Command, host: CliHost, exit: (code: number) => void): void {
  program
    .command('report')
    .description('build the report of a folder of results')
    .argument('<dir>', 'folder with result.json files at any depth')
    .option('--out <dir>', 'folder for the report (default: <dir>/report)')
    .option('--mutants <file>', 'mutants.json to show (default: the one in <dir>, if any)')
    .option('--json', 'counts and paths as JSON on stdout')
    .action(async (dir: string, flags: ReportFlags) => {
      if (!existsSync(dir) || !statSync(dir).isDirectory()) {
        throw new SseKitError('ERR_USAGE', `no folder ${quote(dir)}`);
      }
      if (flags.mutants !== undefined && !existsSync(flags.mutants)) {
        throw new SseKitError('ERR_USAGE', `no file ${quote(flags.mutants)}`);
      }
      const { buildReport } = await import('../report/index.ts');
      const { files, index } = buildReport({
        resultsDir: dir,
        outDir: flags.out ?? join(dir, 'report'),
        ...(flags.mutants === undefined ? {} : { mutantsFile: flags.mutants }),
      });
      const { counts, gating, broken } = index;
      if (index.results.length === 0 && broken.length === 0) {
        throw new SseKitError('ERR_USAGE', `no results in ${quote(dir)}`);
      }
      for (const { path, reason } of broken) host.err(`cannot read ${path}: ${reason}\n`);
      if (flags.json) host.out(`${JSON.stringify({ counts, gating, files }, null, 2)}\n`);
      else {
        const { passed, failed, unknown, absent } = counts;
        host.out(`${passed} true, ${failed} false, ${unknown} unknown, ${absent} absent\n`);
        host.out(`report ${shown(files.html)}\n`);
      }
      exit(gating.failed + gating.unknown + broken.length > 0 ? EXIT.failed : EXIT.passed);
    });
}
