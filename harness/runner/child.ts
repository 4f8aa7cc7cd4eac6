import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { quote, SseKitError } from '../../kit/protocol/index.ts';
import { bundleProgram } from './bundle-program.ts';

/**
 * Path of a program beside the calling file: `.ts` in a checkout, `.js` in the built package.
 * @param importMetaUrl `import.meta.url` of the caller.
 */
export function programBeside(importMetaUrl: string, name: string): string {
  const extension = importMetaUrl.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`${name}.${extension}`, importMetaUrl));
}

/** How a child process ended. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program run by Node in a process of its own, that prints one JSON object a line on stdout. */
export interface NdjsonChild {
  readonly pid: number;
  /** Settles when the process is gone, however it went. Never rejects. */
  readonly exited: Promise<ChildExit>;
  /** Writes one JSON line to its stdin. A process that is gone is not written to. */
  send(message: unknown): void;
  kill(signal: NodeJS.Signals): void;
  /** Closes stdin, which well-behaved children take as the end; after `graceMs` (default 2 000) SIGKILL. */
  stop(graceMs?: number): Promise<ChildExit>;
  /** The last lines of stderr, and of stdout lines that were not JSON: shown when something fails. */
  log(): string;
}

export interface NdjsonChildOptions {
  /** For messages: "server express". */
  readonly name: string;
  /** Absolute path of the program, TypeScript or JavaScript. */
  readonly entry: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly onMessage: (message: Record<string, unknown>) => void;
}

const LOG_LINES = 200;

/** Starts a child. It inherits nothing but the environment; its output goes to `onMessage` and `log()`. */
export function spawnNdjson(options: NdjsonChildOptions): NdjsonChild {
  // Built packages hold JavaScript, a checkout TypeScript.
  const isSource = options.entry.endsWith('.ts');
  const bundles = isSource && process.env.SSE_KIT_BUNDLE_PROGRAMS === '1';
  const program = bundles ? [bundleProgram(options.entry)] : [options.entry];
  const loader = isSource && !bundles ? ['--import', 'tsx'] : [];
  const child = spawn(process.execPath, [...loader, ...program, ...(options.args ?? [])], {
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const log: string[] = [];
  const keep = (line: string) => {
    log.push(line);
    if (log.length > LOG_LINES) log.shift();
  };
  const exited = new Promise<ChildExit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', (error) => {
      keep(`could not start: ${error.message}`);
      resolve({ code: null, signal: null });
    });
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = parseObject(line);
    if (message) options.onMessage(message);
    else keep(line);
  });
  createInterface({ input: child.stderr }).on('line', keep);
  child.stdin.on('error', (error) => keep(`stdin: ${error.message}`)); // EPIPE after a kill is expected
  if (child.pid === undefined) {
    throw new SseKitError('ERR_CHILD_START', `cannot start ${options.name}: ${quote(options.entry)}`);
  }
  return {
    pid: child.pid,
    exited,
    send: (message) => {
      if (isAlive(child)) child.stdin.write(`${JSON.stringify(message)}\n`);
    },
    kill: (signal) => {
      child.kill(signal);
    },
    stop: async (graceMs = 2000) => {
      if (isAlive(child)) child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      const exit = await exited;
      clearTimeout(timer);
      return exit;
    },
    log: () => log.join('\n'),
  };
}

/**
 * Waits for the first message that `pick` accepts, given as a promise created before the spawn; fails with the
 * child's log when it exits first or `timeoutMs` passes.
 */
export async function orExit<T>(
  name: string,
  child: NdjsonChild,
  wanted: Promise<T>,
  timeoutMs: number,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(failure(`did not answer within ${timeoutMs} ms`)), timeoutMs);
  });
  const exit = child.exited.then(({ code, signal }) => {
    throw failure(`exited early (code ${code}, signal ${signal})`);
  });
  const failure = (what: string) => new SseKitError('ERR_CHILD_START', `${name} ${what}\n${child.log()}`);
  try {
    return await Promise.race([wanted, timeout, exit]);
  } finally {
    clearTimeout(timer);
  }
}

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

function parseObject(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null; // a log line that merely begins with a brace: kept as log by the caller
  }
}
