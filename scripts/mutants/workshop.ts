import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { transformSync } from 'esbuild';
import type { Outcome } from '../../harness/cli/outcome.ts';
import { applyMutant, type Mutant } from '../../harness/mutants/mutant.ts';

/** A copy of the project in which a bug may be switched in: the checkout itself is never touched. */
export interface Workshop {
  /** Runs scenarios with the Node client over the copy as it is, or with one bug in it. */
  run(scenarios: readonly string[], mutant?: Mutant): Promise<readonly Outcome[]>;
  dispose(): void;
}

export interface WorkshopOptions {
  readonly seed: number;
  /** Longest wait for any one event. */
  readonly patienceMs: number;
}

const COPIED = ['kit', 'harness', 'fixtures', 'package.json'];

export function openWorkshop(options: WorkshopOptions): Workshop {
  const root = mkdtempSync(join(tmpdir(), 'sse-kit-mutants-'));
  for (const name of COPIED) cpSync(name, join(root, name), { recursive: true });
  symlinkSync(resolve('node_modules'), join(root, 'node_modules'));
  // Hundreds of processes start from the copy: as JavaScript each starts in a fraction of the time.
  for (const file of sources(root)) writeFileSync(script(file), compile(readFileSync(file, 'utf8')));
  let runs = 0;
  const play = (scenarios: readonly string[]): Promise<readonly Outcome[]> => {
    const out = join(root, 'results', String(++runs));
    const flags = ['--seed', String(options.seed), '--patience', String(options.patienceMs), '--out', out];
    return sseKit(root, ['run', ...scenarios, ...flags, '--json']);
  };
  return {
    async run(scenarios, mutant) {
      if (!mutant) return play(scenarios);
      const file = join(root, mutant.file);
      const source = readFileSync(file, 'utf8');
      writeFileSync(script(file), compile(applyMutant(mutant, source)));
      try {
        return await play(scenarios);
      } finally {
        writeFileSync(script(file), compile(source));
      }
    },
    dispose: () => rmSync(root, { recursive: true, force: true }),
  };
}

function sources(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /(?<!\.d|\.test|\.test-d)\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.includes('/node_modules/'));
}

function script(file: string): string {
  return file.replace(/\.ts$/, '.js');
}

function compile(source: string): string {
  const { code } = transformSync(source, { loader: 'ts', format: 'esm', target: 'node20', sourcemap: false });
  return code.replaceAll(/(from |import |import\()"(\.[^"\n]*)\.ts"/g, '$1"$2.js"');
}

/** Runs the copy's own command line, in a process of its own: every file is read anew. */
function sseKit(root: string, args: readonly string[]): Promise<readonly Outcome[]> {
  const child = spawn(process.execPath, ['fixtures/sse-kit.js', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (code) => {
      if (out.startsWith('{')) done((JSON.parse(out) as { outcomes: Outcome[] }).outcomes);
      else fail(new Error(`sse-kit ${args.join(' ')} ended with ${code} and no results\n${err}`));
    });
  });
}
