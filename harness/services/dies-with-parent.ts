import { type ChildProcess, spawn } from 'node:child_process';

/**
 * `read` returns false when stdin closes, and the kernel closes it however the parent ended. Signals that a terminal or
 * a test runner sends to the whole group must not end the watch before its child.
 */
const WATCH = 'trap "" INT TERM HUP; while read -r line; do :; done; kill -KILL "$1"';

/**
 * Makes a child that knows nothing of us (a redis-server, an nginx) end when this process does, by whatever: a test
 * runner that is killed at its deadline runs no cleanup. A shell of its own waits for the end of our pipe to it.
 */
export function diesWithParent(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  const watch = spawn('/bin/sh', ['-c', WATCH, 'watch', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watch.once('error', () => undefined); // without a shell there is no watch, and the child is as good as before
  watch.stdin.on('error', () => undefined); // EPIPE at our own `destroy`
  watch.unref();
  child.once('exit', () => {
    // Killed, not released: the number may belong to another process by now.
    watch.kill('SIGKILL');
    watch.stdin.destroy();
  });
}
