import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { quote, SseKitError } from '../../kit/protocol/index.ts';
import { diesWithParent } from '../services/dies-with-parent.ts';
import { type FrontProxyKind, haproxyConfig, nginxConfig } from './configs.ts';
import { findProgram } from './find-program.ts';

export type { FrontProxyKind } from './configs.ts';

/** A real proxy program in front of a server, in a process of its own. */
export interface FrontProxy {
  readonly kind: FrontProxyKind;
  readonly port: number;
  readonly pid: number;
  /** Ends the process and removes what it wrote. */
  stop(): Promise<void>;
}

const START_MS = 10_000;

/**
 * Starts nginx or HAProxy on a free loopback port, with a configuration in a temporary folder.
 * @throws SseKitError `ERR_PROGRAM_MISSING` with the hint how to get it, `ERR_PROGRAM_START` with what it said.
 */
export async function startFrontProxy(kind: FrontProxyKind, upstreamPort: number): Promise<FrontProxy> {
  const name = kind.startsWith('nginx') ? 'nginx' : 'haproxy';
  const program = findProgram(name);
  if (program === null) {
    const hint = 'run `npm run setup -- --with-services`';
    throw new SseKitError('ERR_PROGRAM_MISSING', `${quote(name)} is not installed: ${hint}`);
  }
  const folder = await mkdtemp(join(tmpdir(), 'sse-kit-front-'));
  const file = join(folder, `${name}.conf`);
  const port = await freePort();
  const input = { port, upstreamPort, folder };
  const text =
    name === 'nginx'
      ? nginxConfig(input, kind === 'nginx-gzip')
      : haproxyConfig(input, kind === 'haproxy-no-delay');
  await writeFile(file, text);

  const args = name === 'nginx' ? ['-p', folder, '-e', 'stderr', '-c', file] : ['-f', file];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  diesWithParent(child);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-4000);
  });
  let gone = false;
  const exited = new Promise<void>((resolve) => {
    const end = () => {
      gone = true;
      resolve();
    };
    child.once('exit', end);
    child.once('error', (error) => {
      said += error.message;
      end();
    });
  });
  const stop = async () => {
    if (!gone) child.kill('SIGKILL');
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  // Neither program says on its own output when it listens, so that is asked of the kernel.
  for (const giveUpAt = Date.now() + START_MS; !(await accepts(port)); await sleep(20)) {
    if (!gone && Date.now() < giveUpAt) continue;
    await stop();
    throw new SseKitError('ERR_PROGRAM_START', `${name} does not listen on ${port}:\n${said}`);
  }
  return { kind, port, pid: child.pid ?? 0, stop };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') {
    throw new SseKitError('ERR_PROGRAM_START', 'the kernel gave no port');
  }
  return address.port;
}
