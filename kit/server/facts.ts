import type { CannotResumeReason, DrainReason, ResumeOutcome } from '../protocol/index.ts';

/**
 * Everything a server notices about its streams, as one discriminated union. Callbacks, metrics and log lines are readers
 * of these facts. Observers are called synchronously and must be quick. What an observer throws cannot reach a stream: it
 * is rethrown from a microtask, as an uncaught exception of the program that supplied it.
 */
export type ServerFact =
  | ConnectionOpened
  | ConnectionClosed
  | ConnectionRejected
  | ConnectionStalled
  | Published
  | PublishFailed
  | Delivered
  | Heartbeats
  | Replayed
  | CannotResumeFact
  | DrainStarted
  | DrainProgress
  | DrainFinished
  | StreamCreated
  | StreamEnded
  | StreamEvicted
  | EpochChanged
  | LogFailed;

/** Receives every fact. */
export type ServerObserver = (fact: ServerFact) => void;

/** Why a connection ended. */
export type CloseReason =
  /** The client or the network went away. */
  | 'client-gone'
  /** `stream.end` was sent. */
  | 'ended'
  /** It did not drain within `writeStallMs`. */
  | 'stalled'
  /** It fell off the log and the policy is `close`. */
  | 'too-slow'
  /** The log could not be read. */
  | 'log-failed'
  /** `close()` without a drain. */
  | 'closed'
  | DrainReason;

/** Why a request got no stream. */
export type RejectReason =
  | 'limit-total'
  | 'limit-key'
  | 'unauthorized'
  | 'forbidden'
  | 'method'
  | 'draining'
  | 'ended'
  | 'unknown-stream'
  | 'log-failed'
  | 'origin';

interface OfStream {
  /** When, unix milliseconds. */
  readonly atMs: number;
  /** Name of the stream; for a connection that carries several: the names, joined by a comma. */
  readonly stream: string;
}

interface OfConnection extends OfStream {
  /** Id of the connection, the same as in `stream.open`. */
  readonly connection: string;
  /** W3C `traceparent` of the request, where it sent a valid one. */
  readonly traceparent?: string;
}

/** A response began. */
export interface ConnectionOpened extends OfConnection {
  readonly kind: 'connection-opened';
  readonly resume: ResumeOutcome;
  /** The cursor as requested, shortened; `null` without one. */
  readonly requested: string | null;
  /** Events that were between the cursor and the head. */
  readonly behind: number;
  /** Key the connection is counted under, from the auth hook. */
  readonly key?: string;
}

export interface ConnectionClosed extends OfConnection {
  readonly kind: 'connection-closed';
  readonly reason: CloseReason;
  readonly durationMs: number;
  /** Events and bytes that were written to it, control frames and heartbeats included in the bytes. */
  readonly events: number;
  readonly bytes: number;
}

export interface ConnectionRejected extends OfStream {
  readonly kind: 'connection-rejected';
  readonly reason: RejectReason;
  readonly status: number;
  readonly retryAfterSeconds?: number;
  readonly traceparent?: string;
}

/** A reader stopped taking bytes for longer than `writeStallMs`; `connection-closed` follows. */
export interface ConnectionStalled extends OfConnection {
  readonly kind: 'connection-stalled';
  readonly stalledMs: number;
  /** Events it was behind when it was given up. */
  readonly behind: number;
}

/** The log has the event. */
export interface Published extends OfStream {
  readonly kind: 'published';
  readonly id: string;
  readonly seq: number;
  readonly type: string;
  /** Bytes of the payload's JSON text. */
  readonly bytes: number;
  /** Time until the log acknowledged it. */
  readonly durationMs: number;
  readonly traceparent?: string;
}

export interface PublishFailed extends OfStream {
  readonly kind: 'publish-failed';
  readonly type: string;
  /** Code of the error, for example `ERR_EVENT_TOO_LARGE`. */
  readonly code: string;
}

/**
 * Frames were handed to sockets. One fact per flush, however many connections shared it (`live`), or per batch of one
 * connection that is catching up.
 */
export interface Delivered extends OfStream {
  readonly kind: 'delivered';
  readonly path: 'live' | 'catch-up';
  /** Connections that were written to. */
  readonly connections: number;
  /** Events per connection: `firstSeq` to `lastSeq`. */
  readonly events: number;
  readonly epoch: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Bytes per connection. */
  readonly bytes: number;
  /** Age of the oldest event among them when it was written. */
  readonly lagMs: number;
  /** Set where one connection was written to alone: on the catch-up path, and with several streams on it. */
  readonly connection?: string;
}

/** Heartbeats were written in one turn of the timer. */
export interface Heartbeats extends OfStream {
  readonly kind: 'heartbeats';
  readonly connections: number;
  /** Bytes of all of them together: connections that carry several streams have longer ones. */
  readonly bytes: number;
}

/** A connection that came with a cursor has caught up with the log, or ended before. */
export interface Replayed extends OfConnection {
  readonly kind: 'replayed';
  readonly result: 'complete' | 'interrupted';
  readonly events: number;
  readonly durationMs: number;
}

/** A loss was announced. */
export interface CannotResumeFact extends OfConnection {
  readonly kind: 'cannot-resume';
  readonly reason: CannotResumeReason;
  readonly requested: string | null;
  readonly from: string;
  readonly missed: number | null;
}

export interface DrainStarted extends OfStream {
  readonly kind: 'drain-started';
  readonly connections: number;
  readonly withinMs: number;
  /** Over how long the clients were told to come back. */
  readonly returnWindowMs: number;
}

export interface DrainProgress extends OfStream {
  readonly kind: 'drain-progress';
  readonly remaining: number;
  readonly total: number;
}

export interface DrainFinished extends OfStream {
  readonly kind: 'drain-finished';
  readonly durationMs: number;
  /** Connections that had to be cut at the deadline. */
  readonly cut: number;
}

/** A hub made a stream on first use. */
export interface StreamCreated extends OfStream {
  readonly kind: 'stream-created';
}

export interface StreamEnded extends OfStream {
  readonly kind: 'stream-ended';
}

/** A hub let go of a stream that nobody used. */
export interface StreamEvicted extends OfStream {
  readonly kind: 'stream-evicted';
  readonly idleMs: number;
}

/** A shared log came back as another incarnation: its earlier contents are lost. */
export interface EpochChanged extends OfStream {
  readonly kind: 'epoch-changed';
  readonly from: string;
  readonly to: string;
}

/** The log reported trouble that no publisher is waiting for, or a read failed. */
export interface LogFailed extends OfStream {
  readonly kind: 'log-failed';
  readonly code: string;
  readonly message: string;
}
