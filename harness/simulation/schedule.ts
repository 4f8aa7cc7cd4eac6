/**
 * A fault schedule: plain data (JSON), so that it can be printed, kept, shrunk and played again. Whatever it leaves to
 * chance (jitter, where chunks are cut, ids) is decided by its seed.
 */
export interface Schedule {
  readonly seed: number;
  readonly setup: Setup;
  /** What happens, in the order of time. */
  readonly steps: readonly Step[];
}

/** How client, server and network are set up. Flat, so that a shrinker can calm one knob at a time (`CALM`). */
export interface Setup {
  /** Clients on the stream, each on a machine of its own. */
  readonly clients: number;
  /** How the run ends: with a last event, or with a last event and the end of the stream. */
  readonly finish: 'sentinel' | 'end';
  /** How long nothing happens after the last step: a lost tail shows in heartbeats, and in nothing else. */
  readonly quietMs: number;

  /** Server. */
  readonly heartbeatMs: number;
  readonly heartbeat: 'comment' | 'event';
  readonly envelope: 'cloudevents' | 'bare';
  /** Events that the log keeps; what is older is evicted. */
  readonly retainEvents: number;
  readonly retryMs: number;
  /** Longest life of a connection, 0 for any. */
  readonly maxAgeMs: number;
  readonly writeStallMs: number;
  readonly slowReader: 'announce' | 'close';

  /** Network: one way takes `latencyMs` and up to `jitterMs` more; bytes never overtake each other. */
  readonly latencyMs: number;
  readonly jitterMs: number;
  /** How bytes are cut into chunks: as they were written, anywhere, or into single bytes at first and then anywhere. */
  readonly chunks: 'whole' | 'split' | 'bytes';
  /** Bytes between the server's buffer and the client's `read`, at most: beyond them the server is blocked. */
  readonly windowBytes: number;

  /** Client. Reads as `node:http` does (at once, all that is there) or as `fetch` does (a promise for each chunk). */
  readonly reads: 'node' | 'fetch';
  /** The handler takes up to so long; 0 for a synchronous one. */
  readonly handlerMs: number;
  /** Of a hundred calls of the handler so many throw; each event is tried twice. */
  readonly handlerFails: number;
  /** Events handled at a time. */
  readonly lanes: number;
  /** 0: the cursor moves when the handler has finished; n: the application commits each n-th event itself. */
  readonly commitEvery: number;
  readonly store: 'none' | 'sync' | 'slow' | 'failing';
  readonly late: 'buffer' | 'deliver' | 'drop';
  readonly cursor: 'header' | 'query';
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
}

/** The calmest setup: every knob at its simplest. */
export const CALM: Setup = {
  clients: 1,
  finish: 'sentinel',
  quietMs: 1000,
  heartbeatMs: 10_000,
  heartbeat: 'comment',
  envelope: 'cloudevents',
  retainEvents: 10_000,
  retryMs: 1000,
  maxAgeMs: 0,
  writeStallMs: 30_000,
  slowReader: 'announce',
  latencyMs: 10,
  jitterMs: 0,
  chunks: 'whole',
  windowBytes: 65_536,
  reads: 'node',
  handlerMs: 0,
  handlerFails: 0,
  lanes: 1,
  commitEvery: 0,
  store: 'none',
  late: 'buffer',
  cursor: 'header',
  retryBaseMs: 1000,
  retryMaxMs: 5000,
};

interface At {
  /** Milliseconds after the start. */
  readonly at: number;
}

interface OfClient extends At {
  /** Which client, 0 for the first. */
  readonly client: number;
}

/** One thing that happens. Everything but `publish` and `reconnect` is a fault. */
export type Step =
  | Publish
  | Reconnect
  | Cut
  | Vanish
  | Hold
  | Refuse
  | Swallow
  | Answer
  | Frames
  | Kill
  | Drain
  | Crash
  | Sleep
  | Offline
  | Suspend
  | Jump;

/** The server publishes so many events of about so many bytes, at once. A server that is down publishes nothing. */
export interface Publish extends At {
  readonly do: 'publish';
  readonly count: number;
  readonly bytes: number;
}

/** The application tells its client to connect anew. */
export interface Reconnect extends OfClient {
  readonly do: 'reconnect';
}

/** The connection ends after so many more bytes, there or at the next place inside a character or an `id:` line. */
export interface Cut extends OfClient {
  readonly do: 'cut';
  readonly how: 'reset' | 'end';
  readonly after: number;
  readonly inside: 'anything' | 'character' | 'id';
}

/** Half-open: from here on the bytes of the open connection vanish both ways, and nobody is told. */
export interface Vanish extends OfClient {
  readonly do: 'vanish';
}

/** Bytes to the client are held back for so long, and then arrive in one burst. */
export interface Hold extends OfClient {
  readonly do: 'hold';
  readonly ms: number;
}

/** New connections are refused for so long. */
export interface Refuse extends At {
  readonly do: 'refuse';
  readonly ms: number;
}

/** New connections are accepted and never answered, for so long. */
export interface Swallow extends At {
  readonly do: 'swallow';
  readonly ms: number;
}

/** A proxy answers so many of the next requests by itself. */
export interface Answer extends At {
  readonly do: 'answer';
  readonly status: 502 | 503;
  /** Seconds; 0 for no such header. */
  readonly retryAfter: number;
  readonly times: number;
}

/** A proxy that knows SSE does this to so many of the next events. */
export interface Frames extends OfClient {
  readonly do: 'frames';
  readonly what: 'drop' | 'duplicate' | 'swap';
  readonly times: number;
}

/** The server process is gone at once; another one starts after so long. */
export interface Kill extends At {
  readonly do: 'kill';
  /** What the connections see: `silent` is a loss of power. */
  readonly how: 'reset' | 'end' | 'silent';
  /** Whether the log survives. */
  readonly keeps: boolean;
  readonly ms: number;
}

/** The server drains and is replaced by another one after so long. */
export interface Drain extends At {
  readonly do: 'drain';
  readonly withinMs: number;
  readonly keeps: boolean;
  readonly ms: number;
}

/** The client process is gone at once, and comes back after so long with what its store had by then. */
export interface Crash extends OfClient {
  readonly do: 'crash';
  /** At once, in the middle of the next call of the handler, or when it has next finished: before the commit. */
  readonly when: 'now' | 'handling' | 'handled';
  readonly ms: number;
}

/** The client's machine sleeps. */
export interface Sleep extends OfClient {
  readonly do: 'sleep';
  readonly ms: number;
  /** Whether its monotonic clock goes on meanwhile: systems differ. */
  readonly clock: 'runs' | 'stops';
  /** What becomes of its connection. */
  readonly connection: 'kept' | 'lost' | 'reset';
  /** Whether the page hears that it woke. */
  readonly told: boolean;
}

/** The client's machine has no network for so long, and says so. */
export interface Offline extends OfClient {
  readonly do: 'offline';
  readonly ms: number;
}

/** The page goes into the back/forward cache for so long. */
export interface Suspend extends OfClient {
  readonly do: 'suspend';
  readonly ms: number;
}

/** The client's wall clock is set, forward or back. */
export interface Jump extends OfClient {
  readonly do: 'jump';
  readonly ms: number;
}
