/**
 * Packs the package, unpacks it into an empty project next to nothing but its declared dependencies and peers, and
 * imports every entry there, shows the command line's help, and plays a scenario with the packed demo server and client:
 * what is missing from `files`, `exports` or `dependencies` fails here and not at a user's.
 */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const PAGE_SCRIPT = 'dist/fixtures/recorder/page.bundle.js';
const SCENARIO = 'disconnect/true-rst';
const root = process.cwd();
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const project = mkdtempSync(path.join(tmpdir(), 'sse-kit-pack-'));

try {
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  ) as [{ filename: string; size: number; files: { path: string }[] }];
  checkContents(packed.files.map((file) => file.path));

  const installed = path.join(project, 'node_modules', manifest.name);
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', path.join(project, packed.filename), '-C', installed, '--strip-components=1']);
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) link(name);
  writeFileSync(path.join(project, 'package.json'), '{"private":true,"type":"module"}');

  const entries = Object.keys(manifest.exports).filter((entry) => entry !== './package.json');
  for (const entry of entries) importEntry(`${manifest.name}${entry.slice(1)}`);
  for (const file of Object.values(manifest.bin ?? {})) {
    execFileSync('node', [path.join(installed, file), '--help'], { cwd: project, stdio: 'pipe' });
    playScenario(path.join(installed, file));
  }
  console.log(
    `  ${packed.filename}: ${Math.round(packed.size / 1024)} KiB, ${packed.files.length} files, ${entries.length} entries imported`,
  );
} finally {
  rmSync(project, { recursive: true, force: true });
}

function checkContents(files: readonly string[]): void {
  for (const required of ['LICENSE', 'README.md', 'PROTOCOL.md', 'package.json', PAGE_SCRIPT]) {
    if (!files.includes(required)) throw new Error(`${required} is not in the package`);
  }
  const stray = files.filter((file) =>
    /\.test(-d)?\.|\.spec\.|^(scripts|e2e|bench|test-results)\//.test(file),
  );
  if (stray.length > 0) throw new Error(`not meant to be published: ${stray.join(', ')}`);
}

function link(name: string): void {
  const source = path.join(root, 'node_modules', name);
  if (!existsSync(source)) throw new Error(`${name} is declared in package.json but not installed`);
  const target = path.join(project, 'node_modules', name);
  mkdirSync(path.dirname(target), { recursive: true });
  symlinkSync(source, target);
}

/** Children of a run are found beside the built files, and a verdict that is not true fails the command. */
function playScenario(program: string): void {
  const args = ['run', SCENARIO, '--json', '--out', path.join(project, 'results')];
  const { counts } = JSON.parse(
    execFileSync('node', [program, ...args], {
      cwd: project,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  ) as { counts: { passed: number } };
  if (counts.passed !== 1) throw new Error(`${SCENARIO} was not played`);
}

function importEntry(specifier: string): void {
  const program = `const m = await import(${JSON.stringify(specifier)});
    if (Object.keys(m).length === 0) throw new Error('nothing is exported');
    process.exit(0);`;
  execFileSync('node', ['--input-type=module', '-e', program], {
    cwd: project,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}
