import type { ServerSettings, StartTarget } from '../runner/target.ts';
import type { Capability } from '../subjects/types.ts';

/** A server that scenarios can be run against. */
export interface CliServer {
  readonly name: string;
  readonly capabilities: ReadonlySet<Capability>;
  readonly start: StartTarget;
  /** Optional peers that it imports for such settings and that are not installed; default none. */
  readonly missingPackages?: (settings: Partial<ServerSettings>) => readonly string[];
}

/**
 * What the command line has of its surroundings: the harness knows no server of its own (fixtures build on it, never
 * the reverse), so whoever starts the program brings them.
 */
export interface CliHost {
  /** Names of the servers that `loadServers` gives, the default first. */
  readonly serverNames: readonly [string, ...string[]];
  /**
   * Called only by commands that run something: frameworks are optional peers.
   * Rejects with what the import of a missing one rejects with.
   */
  loadServers(): Promise<readonly CliServer[]>;
  /** For results. */
  out(text: string): void;
  /** For progress and errors. */
  err(text: string): void;
  /** Whether `out` and `err` go to something that shows colours. */
  readonly colour: boolean;
  /** Width of the terminal that `out` goes to, in columns; `undefined` for a file or a pipe. */
  readonly columns?: number | undefined;
  /**
   * Resolves when the user wants the program to end.
   * @param signal aborted when nobody wants to know any more: nothing is left behind that keeps the process alive.
   */
  interrupted(signal?: AbortSignal): Promise<void>;
}

/** What the process ends with; CI reads it. */
export const EXIT = {
  /** Everything that ran is true. */
  passed: 0,
  /** Something that ran is false or unknown. */
  failed: 1,
  /** Nothing could be judged: wrong usage, or a missing program. */
  unusable: 2,
} as const;
