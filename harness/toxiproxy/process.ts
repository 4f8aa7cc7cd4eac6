import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ToxiproxyError } from './errors.ts';
import { exchange } from './transport.ts';

/** A running toxiproxy-server that this process owns. */
export interface ToxiproxyProcess {
  readonly url: string;
  readonly pid: number;
  /** Resolves when the process is gone, with why and its last lines of output. */
  readonly exited: Promise<string>;
  /** Kills it (SIGKILL: there is nothing to save) and waits until it is gone. */
  kill(): Promise<void>;
}

export interface LaunchOptions {
  readonly binary: string;
  /** Default: a free one. */
  readonly port?: number | undefined;
  /** Longest wait until `/version` answers. Default 10 s. */
  readonly startMs?: number | undefined;
}

/**
 * POSIX: the shell hands its pid to the server and leaves a watcher that blocks on our pipe. When the pipe closes for
 * any reason (our exit, our SIGKILL, or Node closing it after the server's own end) the watcher kills the server, if
 * there still is one, and goes. So no server outlives its owner, whatever the owner died of.
 */
const DIES_WITH_PARENT = 'exec 3<&0; (read -r _ <&3; kill -9 $$) >/dev/null 2>&1 & exec "$@" </dev/null 3<&-';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (!address || typeof address === 'string') throw new Error('a TCP server without a port');
  return address.port;
}

function startChild(binary: string, args: readonly string[]): ChildProcess {
  const env = { ...process.env, LOG_LEVEL: 'warn' };
  if (process.platform === 'win32') return spawn(binary, args, { stdio: ['pipe', 'pipe', 'pipe'], env });
  return spawn('/bin/sh', ['-c', DIES_WITH_PARENT, 'sh', binary, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env,
  });
}

function own(child: ChildProcess, url: string): ToxiproxyProcess & { readonly tail: () => string } {
  let tail = '';
  let reason = '';
  const keep = (chunk: Buffer): void => {
    const text = tail + chunk.toString('utf8');
    // Looked for before the text is cut: goroutine dumps of any length follow the reason of a crash.
    reason ||= /^(?:panic|fatal error): .*(?=\n)/m.exec(text)?.[0] ?? '';
    tail = text.slice(-4000);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  // The watcher may be gone first; a broken pipe then says nothing new.
  child.stdin?.on('error', (error) => keep(Buffer.from(`\nstdin: ${error.message}`)));
  const onParentExit = (): void => void child.kill('SIGKILL');
  process.once('exit', onParentExit);
  const exited = new Promise<string>((resolve) => {
    const gone = (why: string): void => {
      process.removeListener('exit', onParentExit);
      const words = reason || tail.trim().slice(-600);
      resolve(words ? `${why}: ${words}` : why);
    };
    child.once('error', (error) => gone(error.message));
    // Not `exit`: its last words may still be in the pipe then.
    child.once('close', (code, signal) => gone(signal ? `killed by ${signal}` : `exit code ${code}`));
  });
  const pipes = [child.stdin, child.stdout, child.stderr].filter((pipe) => pipe instanceof Socket);
  const kill = async (): Promise<void> => {
    child.ref();
    for (const pipe of pipes) pipe.ref();
    child.kill('SIGKILL');
    await exited;
  };
  // A forgotten stop() must not keep the owner alive; its end takes the server with it.
  child.unref();
  for (const pipe of pipes) pipe.unref();
  return { url, pid: child.pid ?? -1, exited, kill, tail: () => tail };
}

/**
 * Waits until the API answers **as our process**: two harnesses may race for one free port, the loser logs an error
 * and stays alive, and then the winner would answer for it. A proxy with a random name, from our own config file and
 * not enabled, is the proof.
 */
async function untilAnswering(
  server: ReturnType<typeof own>,
  marker: string,
  startMs: number,
): Promise<void> {
  const deadline = performance.now() + startMs;
  let gone: string | undefined;
  void server.exited.then((why) => {
    gone = why;
  });
  for (;;) {
    if (gone !== undefined) throw new Error(gone);
    if (server.tail().includes('Server finished with error')) throw new Error(server.tail().trim());
    if (performance.now() > deadline) throw new Error(`no answer within ${startMs} ms: ${server.tail()}`);
    try {
      const answer = await exchange('DELETE', `${server.url}/proxies/${marker}`, undefined, 1000);
      if (answer.status === 204) return;
    } catch (error) {
      if (!(error instanceof ToxiproxyError)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Starts a server on a loopback port and waits until it answers. Throws `ERR_TOXIPROXY_START`. */
export async function launchToxiproxy(options: LaunchOptions): Promise<ToxiproxyProcess> {
  const { binary, startMs = 10_000 } = options;
  let last: unknown;
  const scratch = await mkdtemp(join(tmpdir(), 'sse-kit-toxiproxy-'));
  try {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const port = attempt === 0 && options.port !== undefined ? options.port : await freePort();
      const marker = `starting-${randomUUID()}`;
      const config = join(scratch, `${marker}.json`);
      const proxy = { name: marker, listen: '127.0.0.1:0', upstream: '127.0.0.1:1', enabled: false };
      await writeFile(config, JSON.stringify([proxy]));
      const args = ['-host', '127.0.0.1', '-port', String(port), '-config', config, '-proxy-metrics'];
      const server = own(startChild(binary, args), `http://127.0.0.1:${port}`);
      try {
        await untilAnswering(server, marker, startMs);
        return server;
      } catch (error) {
        last = error;
        await server.kill();
        if (!String(error).includes('address already in use')) break;
      }
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  const why = last instanceof Error ? last.message : String(last);
  throw new ToxiproxyError('ERR_TOXIPROXY_START', `${binary} did not come up: ${why}`, { cause: last });
}
