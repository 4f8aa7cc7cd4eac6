import { SseKitError } from '../../kit/protocol/index.ts';
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

/**
 * The server of this name, with everything that it needs.
 * @throws SseKitError `ERR_USAGE` for packages that are not installed.
 */
export async function findServer(host: CliHost, name: string): Promise<CliServer> {
  const found = (await host.loadServers()).find((each) => each.name === name);
  if (!found) throw new Error(`the server ${name} was announced and is not there`);
  const missing = found.missingPackages?.({}) ?? [];
  if (missing.length > 0) throw new SseKitError('ERR_USAGE', notInstalled(missing));
  return found;
}

/** What to say and do about optional peers that are missing. */
export function notInstalled(names: readonly string[]): string {
  const [what, are] = names.length === 1 ? ['package', 'is'] : ['packages', 'are'];
  const list = names.join(' and ');
  return `this needs the ${what} ${list}, which ${are} not installed: npm install --save-dev ${names.join(' ')}`;
}
