import { spawnSync } from 'node:child_process';
import { type BrowserProject, findBrowser } from '../../harness/runner/browsers.ts';
import { cacheDir, cachedBinary } from '../../harness/toxiproxy/cache.ts';
import { findOnPath, isExecutable } from '../../harness/toxiproxy/find-binary.ts';
import type { Facts, FoundBrowser } from './plan.ts';

/** Looks at this machine. Changes nothing. */
export async function gatherFacts(env: NodeJS.ProcessEnv = process.env): Promise<Facts> {
  return {
    nodeVersion: process.version,
    platform: process.platform,
    packages: packages(),
    browsers: { chromium: browser('chromium'), firefox: browser('firefox'), webkit: browser('webkit') },
    toxiproxy: await findToxiproxy(env),
    services: {
      'redis-server': await firstOnPath(['redis-server'], withSbin(env)),
      nginx: await firstOnPath(['nginx'], withSbin(env)),
      haproxy: await firstOnPath(['haproxy'], withSbin(env)),
      promtool: await firstOnPath(['promtool'], env),
    },
  };
}

function browser(project: BrowserProject): FoundBrowser | null {
  const found = findBrowser(project);
  return found.available ? { source: found.source, path: found.path } : null;
}

async function firstOnPath(names: readonly string[], env: NodeJS.ProcessEnv): Promise<string | null> {
  for (const name of names) {
    const found = await findOnPath(name, env);
    if (found) return found;
  }
  return null;
}

/** Debian puts servers into sbin, which is not on every user's PATH. */
function withSbin(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, PATH: `${env.PATH ?? ''}:/usr/sbin:/usr/local/sbin` };
}

async function findToxiproxy(env: NodeJS.ProcessEnv): Promise<string | null> {
  if (env.TOXIPROXY_URL) return `given by TOXIPROXY_URL, ${env.TOXIPROXY_URL}`;
  const onPath = await findOnPath('toxiproxy-server', env);
  if (onPath) return onPath;
  const cached = cachedBinary(cacheDir(env));
  return (await isExecutable(cached)) ? cached : null;
}

function packages(): Facts['packages'] {
  if (process.platform === 'darwin') return { manager: 'none', hint: 'brew install' };
  if (answers('apt-get', ['--version'])) {
    if (process.getuid?.() === 0) return { manager: 'apt', prefix: [] };
    if (answers('sudo', ['-n', 'true'])) return { manager: 'apt', prefix: ['sudo', '-n'] };
    return { manager: 'none', hint: 'sudo apt-get install' };
  }
  if (answers('dnf', ['--version'])) return { manager: 'none', hint: 'sudo dnf install' };
  return { manager: 'none', hint: 'install with your package manager:' };
}

function answers(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore', timeout: 10_000 }).status === 0;
}
