import type { HistoryRecord } from '../history/types.ts';

/**
 * What a client or a server can do. A scenario lists what it needs; where one is missing it is skipped, and the skip
 * names the capability.
 */
export type Capability =
  // clients
  | 'connect'
  | 'resume'
  | 'dedupe'
  | 'announce-loss'
  | 'liveness'
  | 'backoff'
  | 'client-metrics'
  | 'process'
  | 'reconnect'
  | 'fresh-token'
  | 'reorder'
  | 'connection-limit'
  | 'page-origin'
  | 'tabs'
  | 'early-head'
  | 'sleep'
  | 'offline'
  | 'reload'
  | 'page-cache'
  | 'store'
  | 'start-from'
  // the person who runs it
  | 'long-run'
  // servers
  | 'replay'
  | 'detects-loss'
  | 'heartbeat'
  | 'kill'
  | 'retention-by-count'
  | 'tenants'
  // programs that the server is run with
  | 'redis-server'
  | 'nginx'
  | 'haproxy';

/** Settings a scenario may ask of any client; a client without the matching capability ignores them. */
export interface ClientSettings {
  /** First and largest delay between attempts, before jitter. */
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
  /** Silence after which the connection counts as dead; `null` leaves it to what the server announces. */
  readonly livenessTimeoutMs: number | null;
  /** Longest wait for the response's first byte. */
  readonly connectTimeoutMs: number;
  /** Bearer tokens: the first until a server refuses it with 401, then the next, and so on. Empty for none. */
  readonly tokens: readonly string[];
  /** Ids remembered against repetition, where ids are opaque. */
  readonly dedupeSize: number;
  /** What becomes of events that come out of order. */
  readonly orderLate: 'buffer' | 'deliver' | 'drop';
  /** Position to start from; default none. Needs `start-from`. */
  readonly from?: string;
  /** Where that position is sent: by header (default) or in the query. */
  readonly cursor?: 'header' | 'query';
  /**
   * Shares one connection with all clients that do. Each lives in a tab of its own, and `stop` closes the tab of every
   * client but the first. Needs `tabs`.
   */
  readonly shared?: boolean;
  /** Takes the platform's `fetch` where the client would take something else by itself. */
  readonly platformFetch?: boolean;
}

export const DEFAULT_CLIENT: ClientSettings = {
  retryBaseMs: 100,
  retryMaxMs: 1000,
  livenessTimeoutMs: null,
  connectTimeoutMs: 10_000,
  tokens: [],
  dedupeSize: 1000,
  orderLate: 'buffer',
};

/** Beginning of the note that a handler leaves which was told to hang. */
export const HANGS = 'the handler hangs at';

/** What a subject is told at the start. */
export interface SubjectStart {
  /** Origin of the page that the client runs in (see `Subject.openElsewhere`); default the stream's. */
  readonly pageOrigin?: string;
  /** Name in the history, for one of several clients; default the subject's own. */
  readonly name?: string;
  /** URL of the stream, through the whole network. */
  readonly url: string;
  /** Name of the stream in the history. */
  readonly stream: string;
  readonly settings: ClientSettings;
  /** Decides the subject's chance (jitter) where it can be decided. */
  readonly seed: number;
  /** File in which the cursor survives this client; a page takes its own storage. Needs the capability `store`. */
  readonly cursorFile?: string;
  /** The handler never finishes with the n-th event of this session, so that it can be killed inside. */
  readonly hangsAt?: number;
  /** Receives every record of this subject, in order. */
  readonly record: (record: HistoryRecord) => void;
}

/** What can happen to a client that is not the network's doing. What a client's surroundings cannot do is left out. */
export interface Life {
  /** Stops all of it, as a lid that is closed does; resolves with what proves it. */
  sleep?(): Promise<Readonly<Record<string, unknown>>>;
  wake?(): Promise<void>;
  /** Tells it that the machine's network is gone, or back; resolves with what it says of that. */
  offline?(offline: boolean): Promise<Readonly<Record<string, unknown>>>;
  /** Loads its page again, without starting a client in it. */
  reload?(): Promise<Readonly<Record<string, unknown>>>;
  /** Goes to another page, so that this one may be kept in the back/forward cache. */
  leave?(): Promise<void>;
  /** Goes back; resolves with what proves that the page was kept, `null` when it was not. */
  comeBack?(): Promise<Readonly<Record<string, unknown>> | null>;
}

/** A client under test, running. */
export interface SubjectSession {
  /** Prometheus text of the client's own metrics; empty when it has none. */
  metrics(): Promise<string>;
  /** Its process, where it has one of its own. */
  readonly pid?: number;
  /** A picture of what a person sees, where there is something to see. */
  screenshot?(): Promise<Buffer>;
  /** Connects again after it gave up or was told to stop, as a person would by a button. */
  reconnect?(): Promise<void>;
  /** What can happen to it beside the network. */
  readonly life?: Life;
  /** Kills it without any farewell, where that is possible. */
  kill?(): Promise<{ readonly pid: number; readonly signal: string | null }>;
  /** Ends it; resolves when its connections are closed. */
  stop(): Promise<void>;
  /** What it said on its console, for failures. */
  log(): string;
}

/** A page of another origin than the stream, served. */
export interface Elsewhere {
  readonly origin: string;
  close(): Promise<void>;
}

/** A kind of client under test. */
export interface Subject {
  readonly name: string;
  /** For the report: "kit 0.1.0, Chromium 156.0". */
  readonly version: string;
  readonly capabilities: ReadonlySet<Capability>;
  start(options: SubjectStart): Promise<SubjectSession>;
  /** Serves its page from another origin. Goes with the capability `page-origin`. */
  openElsewhere?(): Promise<Elsewhere>;
}
