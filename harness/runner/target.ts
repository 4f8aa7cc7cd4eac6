import type { FrontProxyKind } from '../front-proxies/index.ts';
import type { Capability } from '../subjects/types.ts';
import type { ChildExit } from './child.ts';

/** Settings a scenario may ask of a server under test. */
export interface ServerSettings {
  readonly heartbeatMs: number;
  /** Events kept for replay. */
  readonly retainEvents: number;
  /** The `retry:` it asks for: a floor of every reconnect, so kept short here. */
  readonly retryMs: number;
  /** Where events are kept; default `memory`. `redis` needs the capability `redis-server`. */
  readonly log?: 'memory' | 'durable' | 'redis';
  /** Processes behind one address, default 1. More than one need a log that they share. */
  readonly nodes?: number;
  /** A real proxy in front of the server; needs the capability of its program. */
  readonly front?: FrontProxyKind;
  /** Time that SIGTERM gives open streams, default 2,000 ms. */
  readonly drainMs?: number;
  /** Options of the kit's server, by the same names; those left out have the kit's defaults. */
  readonly limits?: ServerLimits;
  /** Bearer tokens that are let in; without any, everybody is. */
  readonly tokens?: Readonly<Record<string, TokenSettings>>;
  /** Other origins that may read; default none. */
  readonly corsOrigins?: readonly string[];
}

/** See `ServerOptions` of kit/server. */
export interface ServerLimits {
  readonly maxAgeMs?: number;
  readonly maxConnections?: number;
  readonly maxEventBytes?: number;
  readonly retryAfterMs?: number;
  readonly acceptPerSecond?: number;
  readonly writeStallMs?: number;
}

/** What a token is good for. */
export interface TokenSettings {
  /** Stream that its bearer reads; default the server's own. */
  readonly stream?: string;
  /** Whether its bearer may resume; default true. */
  readonly resume?: boolean;
  /** Ends so long after its first use; default never. */
  readonly lifeMs?: number;
}

export const DEFAULT_SERVER: ServerSettings = { heartbeatMs: 1000, retainEvents: 10_000, retryMs: 100 };

/** What a publication says. */
export interface Publication {
  readonly type: string;
  readonly data: unknown;
  /** Metadata as the kit's `publish` takes it; other servers ignore it. */
  readonly meta?: unknown;
  /** Stream of another tenant (see `TokenSettings.stream`); default the server's own. */
  readonly stream?: string;
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
  /** The stream's URL without the front that the settings asked for, where there is one. */
  directUrl?(): string;
  /** Process id of the (first) server, where it is a process of ours. */
  pid?(): number;
  /** How many events the slowest connection is behind, where the server tells. */
  maxBehind?(): Promise<number>;
  /** Takes one of several nodes out, ends it by SIGTERM, starts it again and takes it back in. */
  replaceNode?(index: number): Promise<ChildExit & { readonly pid: number }>;
  /** The Redis behind it. */
  readonly redis?: StoppableService;
  /** What it wrote to its log, for failures. */
  log(): string;
  stop(): Promise<void>;
}

/** A program that a server depends on. */
export interface StoppableService {
  readonly port: number;
  /** Ends it without farewell; gives the id of the process that was. */
  kill(): Promise<number>;
  start(): Promise<void>;
}

/** Starts a target with the settings of a scenario. */
export type StartTarget = (settings: ServerSettings) => Promise<Target>;
