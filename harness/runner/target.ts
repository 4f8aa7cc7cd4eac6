import type { Capability } from '../subjects/types.ts';
import type { ChildExit } from './child.ts';

/** Settings a scenario may ask of a server under test. */
export interface ServerSettings {
  readonly heartbeatMs: number;
  /** Events kept for replay. */
  readonly retainEvents: number;
  /** The `retry:` it asks for: a floor of every reconnect, so kept short here. */
  readonly retryMs: number;
}

export const DEFAULT_SERVER: ServerSettings = { heartbeatMs: 1000, retainEvents: 10_000, retryMs: 100 };

/** What a publication says. */
export interface Publication {
  readonly type: string;
  readonly data: unknown;
}

/** A publication as the server acknowledged it. `at` is when, in unix ms on the server's clock. */
export interface Acknowledged {
  readonly id: string;
  readonly type: string;
  readonly digest: string;
  readonly at: number;
}

/** A server under test, running in a process of its own. */
export interface Target {
  readonly name: string;
  readonly version: string;
  readonly capabilities: ReadonlySet<Capability>;
  /** Name of the stream, as it stands in the history. */
  readonly stream: string;
  /** URL of the stream without any network in between. The same after `restart`. */
  url(): string;
  /** Publishes in order and resolves with what was acknowledged, when all were. */
  publish(events: readonly Publication[]): Promise<readonly Acknowledged[]>;
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<ChildExit & { readonly pid: number }>;
  /** Starts it again on the same ports, after a kill. */
  restart(): Promise<void>;
  /** Prometheus text. */
  metricsText(): Promise<string>;
  /** What it wrote to its log, for failures. */
  log(): string;
  stop(): Promise<void>;
}

/** Starts a target with the settings of a scenario. */
export type StartTarget = (settings: ServerSettings) => Promise<Target>;
