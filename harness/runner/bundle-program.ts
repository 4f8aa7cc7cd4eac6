import { createHash } from 'node:crypto';
import { mkdirSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Bundles of this process, by entry: one bundling for all the children of a worker. */
const bundled = new Map<string, string>();

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * A TypeScript program as one JavaScript file under `.cache/`, packages left outside: it starts in a third of the time
 * that a loader takes to translate a hundred modules. For runs of many short children; needs the checkout's esbuild.
 */
export function bundleProgram(entry: string): string {
  const known = bundled.get(entry);
  if (known) return known;
  const { buildSync } = createRequire(import.meta.url)('esbuild') as typeof import('esbuild');
  const directory = join(ROOT, '.cache', 'programs');
  mkdirSync(directory, { recursive: true });
  const outfile = join(directory, `${createHash('sha256').update(entry).digest('hex').slice(0, 16)}.mjs`);
  const draft = `${outfile}.${process.pid}`;
  buildSync({
    entryPoints: [entry],
    outfile: draft,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'error',
  });
  renameSync(draft, outfile); // whole or not at all, for workers beside this one
  bundled.set(entry, outfile);
  return outfile;
}
