import { type NdjsonChild, orExit, spawnNdjson } from '../runner/child.ts';
import type { SubjectSession } from './types.ts';

const START_TIMEOUT_MS = 30_000;

/** A client program that runs and can be spoken to, and what every session over one can do. */
export interface AgentProcess {
  readonly child: NdjsonChild;
  readonly session: Required<Pick<SubjectSession, 'pid' | 'kill' | 'stop' | 'log'>>;
}

export interface AgentProcessOptions {
  /** For messages. */
  readonly name: string;
  /** Absolute path of the program; it says `{"ready":true}` first. */
  readonly entry: string;
  /** What it says after that. */
  readonly onMessage: (message: Record<string, unknown>) => void;
  /** Time that its end may take; default that of `NdjsonChild.stop`. */
  readonly stopMs?: number;
}

/** Starts a client in a Node process of its own, so that it can be killed; resolves when it listens to its stdin. */
export async function startAgentProcess(options: AgentProcessOptions): Promise<AgentProcess> {
  const { name, entry, onMessage, stopMs } = options;
  let onReady: () => void;
  const ready = new Promise<void>((resolve) => {
    onReady = resolve;
  });
  const child = spawnNdjson({
    name,
    entry,
    onMessage: (message) => {
      if (message.ready === true) onReady();
      else onMessage(message);
    },
  });
  await orExit(name, child, ready, START_TIMEOUT_MS);
  return {
    child,
    session: {
      pid: child.pid,
      kill: async () => {
        child.kill('SIGKILL');
        return { pid: child.pid, signal: (await child.exited).signal };
      },
      stop: async () => {
        await child.stop(stopMs);
      },
      log: child.log,
    },
  };
}
