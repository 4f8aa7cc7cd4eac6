import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { diesWithParent } from './dies-with-parent.ts';

/** What survives a stop: nothing, a snapshot when one was saved, or every write. */
export type RedisPersistence = 'none' | 'snapshot' | 'every-write';

/** A real redis-server on a free loopback port, with its data in a temporary directory. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  readonly pid: number;
  /** Starts again on the same port with the same directory. */
  start(): Promise<void>;
  /** SIGTERM (default) writes a snapshot where persistence says so; SIGKILL writes nothing. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Stops it and removes its directory. */
  dispose(): Promise<void>;
}

/** Starts Redis, or fails with a hint when it is not installed. */
export async function startRedis(
  persistence: RedisPersistence = 'none',
  extra: readonly string[] = [],
): Promise<RedisServer> {
  const directory = mkdtempSync(join(tmpdir(), 'redis-'));
  const port = await freePort();
  const settings = {
    none: ['--save', '', '--appendonly', 'no'],
    // A rule so rare that it never fires by itself: SIGTERM and SAVE write the snapshot.
    snapshot: ['--save', '1000000 1000000', '--appendonly', 'no'],
    'every-write': ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'],
  }[persistence];
  const base = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, ...settings, ...extra];
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  let child: ChildProcess | null = await launch(base).catch((error: unknown) => {
    remove();
    throw error;
  });

  async function stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const running = child;
    child = null;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const exited = once(running, 'exit');
    running.kill(signal);
    await exited;
  }

  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return child?.pid ?? 0;
    },
    async start() {
      child ??= await launch(base);
    },
    stop,
    async dispose() {
      await stop('SIGKILL');
      remove();
    },
  };
}

async function launch(args: readonly string[]): Promise<ChildProcess> {
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  diesWithParent(child);
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    child.once('error', (cause) => {
      reject(
        new Error('redis-server is not installed: run `npm run setup`, or apt-get install redis', { cause }),
      );
    });
    child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}:\n${said.join('\n')}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      said.push(line);
      if (line.includes('Ready to accept connections')) resolve();
    });
    child.stderr.resume();
  });
  return child;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
