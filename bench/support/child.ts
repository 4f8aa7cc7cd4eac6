import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { bundleProgram } from '../../harness/runner/bundle-program.ts';

/** A bench process spoken to by request and answer over IPC. */
export interface BenchChild {
  call<T>(message: object): Promise<T>;
  stop(): Promise<void>;
}

/**
 * Starts `script` (a URL relative to the caller) as a child that answers every message with exactly one message. It runs
 * as plain JavaScript, as a user's server does: the tsx loader gives each closure a `name` of its own, which costs our
 * code, and no package's, time and 256 bytes per closure.
 */
export async function startChild(script: URL, args: readonly string[]): Promise<BenchChild> {
  const child: ChildProcess = fork(bundleProgram(fileURLToPath(script)), args, {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`${script.pathname.split('/').at(-1)} ${args.join(' ')} exited with ${code}`);
  });
  failed.catch(() => undefined); // observed by every race below; a planned stop ends it too
  await Promise.race([once(child, 'message'), failed]);
  return {
    async call<T>(message: object): Promise<T> {
      const answer = once(child, 'message');
      child.send(message);
      const [reply] = (await Promise.race([answer, failed])) as [T];
      return reply;
    },
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** The child's side: answers each message with what `handle` returns, one at a time. */
export function serveParent(handle: (message: never) => unknown): void {
  process.on('message', (message) => {
    void Promise.resolve(handle(message as never)).then((reply) => process.send?.(reply ?? { ok: true }));
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ ready: true });
}
