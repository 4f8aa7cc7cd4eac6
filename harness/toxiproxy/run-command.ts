import { spawn } from 'node:child_process';

export interface CommandResult {
  /** Exit code; -1 when it could not be started or was killed. */
  readonly code: number;
  readonly stdout: string;
  /** Standard error, and why it could not be started or was killed. */
  readonly stderr: string;
}

export type RunCommand = (
  command: string,
  args: readonly string[],
  options: { readonly timeoutMs: number; readonly env?: NodeJS.ProcessEnv },
) => Promise<CommandResult>;

/** Runs a program to its end, without a shell. Never rejects: a program that is not there has code -1. */
export const runCommand: RunCommand = (command, args, { timeoutMs, env }) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { env: env ?? process.env, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    child.stdout.on('data', (data: Buffer) => {
      stdout += data.toString('utf8');
    });
    child.stderr.on('data', (data: Buffer) => {
      stderr += data.toString('utf8');
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      resolve({ code: -1, stdout, stderr: `${stderr}${error.message}` });
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      const note = timedOut ? ` (killed after ${timeoutMs} ms)` : '';
      resolve({ code: code ?? -1, stdout, stderr: `${stderr}${note}` });
    });
  });
