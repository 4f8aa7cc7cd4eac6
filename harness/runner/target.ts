import type { FrontProxyKind } from '../front-proxies/index.ts';
import type { Records } from '../oracle/types.ts';
import type { SseProxyOptions } from '../sse-proxy/index.ts';
import type { Capability } from '../subjects/types.ts';
import type { ChildExit } from './child.ts';
import type { HistoryWatch } from './watch.ts';

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
  /** Where it listens; default any free port. */
  readonly port?: number;
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
  /**
   * Publishes in order and resolves with what was acknowledged, when all were. A server that is not ours sends what it
   * likes: waits for as many events.
   */
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
  /** Where a person or Prometheus reads the same, while it runs. */
  metricsUrl?(): string;
  /** Set for a server that is not ours (harness/black-box). */
  readonly foreign?: Foreign;
  /** The Redis behind it. */
  readonly redis?: StoppableService;
  /** What it wrote to its log, for failures. */
  log(): string;
  stop(): Promise<void>;
}

/** A server of which nothing can be controlled: what it sent is what an observer saw of it. */
export interface Foreign {
  /** Name of the observer in the history. */
  readonly observer: string;
  /** What the proxy asks it in the place of what the client asked. */
  readonly ask: NonNullable<SseProxyOptions['ask']>;
  /** Bytes that hold the head of a response and a few events. */
  readonly roomBytes: number;
  /**
   * The history with what the observer saw as what was produced.
   * @param playedTo what was sent later (unix ms) and did not come is on its way, and not lost.
   */
  truth(history: Records, subject: string, playedTo: number): Records;
}

/** A program that a server depends on. */
export interface StoppableService {
  readonly port: number;
  /** Ends it without farewell; gives the id of the process that was. */
  kill(): Promise<number>;
  start(): Promise<void>;
}

/** Starts a target with the settings of a scenario. What it sees by itself goes to the history of the run. */
export type StartTarget = (settings: ServerSettings, watch: HistoryWatch) => Promise<Target>;
