import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Bundles of this process, by entry: one bundling for all the children of a worker. */
const bundled = new Map<string, string>();

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Native code, and what only few programs need: stays outside, loaded when it is imported. */
const OUTSIDE = ['classic-level', 'redis', 'esbuild', '@playwright/test'];
/** What is CommonJS among the packages asks for `require`. No name of the programs' own may be taken by it. */
const REQUIRE = `import { createRequire as requireOfTheBundle } from 'node:module';
globalThis.require ??= requireOfTheBundle(import.meta.url);`;

/**
 * A TypeScript program as JavaScript under `.cache/`, packages and all: it starts in a quarter of the processor time
 * that Node takes to find a thousand files and a loader to translate a hundred of them. For runs of many short children;
 * needs the checkout's esbuild. Other people's software (`/peers/`) runs from its own packages, as its users have it.
 * @returns path of the program. A folder of its own for each content: another process may run what was there before.
 */
export function bundleProgram(entry: string): string {
  const known = bundled.get(entry);
  if (known) return known;
  const { buildSync } = createRequire(import.meta.url)('esbuild') as typeof import('esbuild');
  const outdir = join(ROOT, '.cache', 'programs');
  const { outputFiles } = buildSync({
    entryPoints: [entry],
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // What is imported later stays a file of its own, and so do its packages.
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: { js: REQUIRE },
    ...(entry.includes('/peers/') ? { packages: 'external' } : { external: OUTSIDE }),
    logLevel: 'error',
    write: false,
  });
  const hash = createHash('sha256');
  for (const { path, contents } of outputFiles) hash.update(path).update(contents);
  const home = join(outdir, hash.digest('hex').slice(0, 16));
  if (!existsSync(home)) {
    mkdirSync(outdir, { recursive: true });
    const draft = mkdtempSync(join(outdir, 'draft-'));
    for (const { path, contents } of outputFiles) writeFileSync(join(draft, basename(path)), contents);
    moveWhole(draft, home);
  }
  const program = join(home, basename(entry).replace(/\.ts$/, '.mjs'));
  bundled.set(entry, program);
  return program;
}

/** Whole or not at all, for workers beside this one: who comes second finds the same content there. */
function moveWhole(draft: string, home: string): void {
  try {
    renameSync(draft, home);
  } catch (error) {
    rmSync(draft, { recursive: true });
    if (!existsSync(home)) throw error;
  }
}
