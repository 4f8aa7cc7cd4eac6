import { type Command, Option } from 'commander';
import { type CliHost, EXIT } from './host.ts';

/** `sse-kit toxiproxy`: gets the network under the faults. */
export function addToxiproxy(program: Command, host: CliHost, exit: (code: number) => void): void {
  const toxiproxy = program
    .command('toxiproxy')
    .description('install, start or find the Toxiproxy that scenarios use');
  const progress = (line: string) => host.err(`${line}\n`);

  toxiproxy
    .command('install')
    .description('put the pinned version into the cache: built with Go, else downloaded and checked')
    .option('--force', 'even if it is there')
    .option('--json', 'the result as JSON on stdout')
    .action(async ({ force, json }: { force?: true; json?: true }) => {
      const { installToxiproxy } = await import('../toxiproxy/index.ts');
      const done = await installToxiproxy({ onProgress: progress, ...(force ? { force } : {}) });
      host.out(json ? `${JSON.stringify(done)}\n` : `${done.binary}\n`);
    });

  toxiproxy
    .command('which')
    .description(
      'say which one scenarios would use, without installing anything; exit code 1 if only the stand-in',
    )
    .option('--json', 'the result as JSON on stdout')
    .action(async ({ json }: { json?: true }) => {
      const { acquireToxiproxy } = await import('../toxiproxy/index.ts');
      const server = await acquireToxiproxy({ install: false });
      const { engine, version, source } = server;
      host.out(json ? `${JSON.stringify({ engine, version, source })}\n` : `${server.describe()}\n`);
      await server.stop();
      exit(engine === 'toxiproxy' ? EXIT.passed : EXIT.failed);
    });

  toxiproxy
    .command('start')
    .description('start one and keep it until interrupted')
    .addOption(
      new Option('--engine <name>', 'the real one, the stand-in, or whichever can be had')
        .choices(['any', 'toxiproxy', 'embedded'])
        .default('any'),
    )
    .action(async ({ engine }: { engine: 'any' | 'toxiproxy' | 'embedded' }) => {
      const { acquireToxiproxy } = await import('../toxiproxy/index.ts');
      const server = await acquireToxiproxy({ engine, onProgress: progress });
      host.err(`${server.describe()}\n`);
      host.out(`TOXIPROXY_URL=${server.url}\n`);
      await host.interrupted();
      await server.stop();
    });
}
