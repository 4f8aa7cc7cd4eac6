import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** An example that runs as a process of its own. */
export interface Program {
  /** Lines it wrote to stdout so far. */
  readonly lines: readonly string[];
  /** The next line, seen or to come, that matches; rejects when the process ends without it. */
  line(pattern: RegExp): Promise<RegExpExecArray>;
  /** Ends it. @returns its exit code, or the signal that killed it. */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

/** Starts a TypeScript file as `node file` would start what it compiles to. */
export function startProgram(file: string, env: Readonly<Record<string, string>> = {}): Program {
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', file], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const exited = once(child, 'exit');
  const output = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of waiting) look();
  };
  output.on('line', (line) => {
    lines.push(line);
    wake();
  });
  output.on('close', wake);
  return {
    lines,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = lines.map((line) => pattern.exec(line)).find((match) => match !== null);
          if (!found && child.exitCode === null && child.signalCode === null) return;
          waiting.delete(look);
          if (found) resolve(found);
          else reject(new Error(`${file} ended without ${pattern}: ${lines.join('\n')}`));
        };
        waiting.add(look);
        look();
      }),
    async stop(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      const [code, by] = (await exited) as [number | null, NodeJS.Signals | null];
      return code ?? by;
    },
  };
}
