import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Life } from './types.ts';

const run = promisify(execFile);

/** What can happen to a process: SIGSTOP is a sleep as deep as that of a closed lid, but for the clock. */
export function processLife(pid: number): Life {
  return {
    sleep: async () => {
      process.kill(pid, 'SIGSTOP');
      const { stdout } = await run('ps', ['-o', 'stat=', '-p', String(pid)]);
      return { signal: 'SIGSTOP', pid, stat: stdout.trim() };
    },
    wake: async () => {
      process.kill(pid, 'SIGCONT');
    },
  };
}
