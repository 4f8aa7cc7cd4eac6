/**
 * The history of one run: append-only NDJSON, one record a line, written by every party that saw something. The
 * oracle (harness/oracle) reads nothing else. All parties run on one machine, so `at` is one clock.
 *
 * Positions and ids are the strings of the wire (`id:`), never parsed here: a history of a foreign server has
 * opaque ids.
 */
export type HistoryRecord =
  | Publishing
  | Produced
  | Written
  | Wire
  | Request
  | Connection
  | Open
  | Close
  | Delivered
  | Processed
  | Deduped
  | OutOfOrder
  | DeadLetter
  | Cursor
  | Announced
  | Heartbeat
  | StateChange
  | Retry
  | GiveUp
  | Liveness
  | Fault
  | Sample
  | Note;

interface Stamped {
  /** When, in unix milliseconds with fraction. */
  readonly at: number;
}

interface OfSubject extends Stamped {
  /** Name of the client that saw this (one run may have several). */
  readonly subject: string;
}

/**
 * A publication was attempted; its acknowledgement may never come (the server was killed). An event that shows up
 * without `produced` but with the digest of an attempt is recovered, not invented.
 */
export interface Publishing extends Stamped {
  readonly kind: 'publishing';
  readonly stream: string;
  readonly type: string;
  readonly digest: string;
}

/** The server acknowledged a publication: from here on it may not vanish silently. */
export interface Produced extends Stamped {
  readonly kind: 'produced';
  readonly stream: string;
  readonly id: string;
  readonly type: string;
  /** Digest of the payload, so that corruption shows. */
  readonly digest: string;
  /** The last publication of a run, waited for before judging. */
  readonly sentinel?: boolean;
  /**
   * Rank of the event in its stream's log, where acknowledgements may arrive in another order (several publishers).
   * Used when every `produced` of the stream has one; default: the order of the records.
   */
  readonly order?: number;
}

/** The server handed a frame to a socket. */
export interface Written extends Stamped {
  readonly kind: 'written';
  readonly connection: string;
  readonly id: string;
}

/** Bytes seen by a tap between server and client (base64), in order per connection and direction. */
export interface Wire extends Stamped {
  readonly kind: 'wire';
  readonly tap: string;
  readonly connection: string;
  readonly direction: 'up' | 'down';
  /** What happened: bytes passed, or how this direction ended. */
  readonly event: 'bytes' | 'fin' | 'rst';
  readonly bytes?: number;
  /** The bytes themselves; absent where they were only counted. */
  readonly base64?: string;
  /** The tap had kept as much of this connection and direction as it may: from here on it counts. */
  readonly truncated?: true;
}

/** A request for the stream as the server (or the tap in front of it) saw it. */
export interface Request extends Stamped {
  readonly kind: 'request';
  readonly connection: string;
  readonly method: string;
  readonly url: string;
  readonly lastEventId: string | null;
  /** Which subject sent it, where that is known. */
  readonly subject?: string;
  /** Which stream it asks for; needed when one subject reads several. */
  readonly stream?: string;
}

/** The server's own bookkeeping of a connection, so that leaks show. */
export interface Connection extends Stamped {
  readonly kind: 'connection';
  readonly connection: string;
  readonly phase: 'opened' | 'closed';
  readonly reason?: string;
}

/** A response arrived at the client. */
export interface Open extends OfSubject {
  readonly kind: 'open';
  /** 1 for the first attempt of the run. */
  readonly attempt: number;
  readonly status?: number;
  readonly connection?: string;
  /** Outcome in `stream.open`, where the server sends one. */
  readonly resume?: string;
  /** Cursor the client asked to resume from. */
  readonly lastEventId?: string | null;
  /** Id that the response primed the cursor with (`stream.open`): the exact point of subscription. */
  readonly cursor?: string | null;
  /** Which stream it carries; needed when one subject reads several. */
  readonly stream?: string;
}

/** A connection or an attempt ended at the client. */
export interface Close extends OfSubject {
  readonly kind: 'close';
  readonly cause: string;
  /** The subject will not come back by itself: what is published from here on is not owed to it. */
  readonly final?: boolean;
  readonly connection?: string;
  /** Which stream it carried; needed when one subject reads several. */
  readonly stream?: string;
}

/** A whole event arrived at the client, before dedupe and ordering. */
export interface Delivered extends OfSubject {
  readonly kind: 'delivered';
  readonly stream: string;
  readonly id: string;
  readonly type: string;
  readonly digest: string;
}

/** The handler finished with an event: the moment that counts for P1 to P3. */
export interface Processed extends OfSubject {
  readonly kind: 'processed';
  readonly stream: string;
  readonly id: string;
  readonly type: string;
  readonly digest: string;
  /** The client knows that the handler may have seen this event before. */
  readonly redelivery?: boolean;
}

/** The client recognised a repetition and did not hand it over. */
export interface Deduped extends OfSubject {
  readonly kind: 'deduped';
  readonly stream: string;
  readonly id: string;
}

/** The client saw an event outside its turn and told its user. */
export interface OutOfOrder extends OfSubject {
  readonly kind: 'out-of-order';
  readonly stream: string;
  readonly id: string;
  /** What the client did with it. */
  readonly policy: 'drop' | 'deliver' | 'buffer';
}

/** An event that the handler could not take was handed to the dead-letter callback: visible, so not lost. */
export interface DeadLetter extends OfSubject {
  readonly kind: 'dead-letter';
  readonly stream: string;
  readonly id: string;
  readonly reason: string;
}

/** The cursor moved without a processed event: an id-only checkpoint, a stored cursor loaded, an empty `id:` (null). */
export interface Cursor extends OfSubject {
  readonly kind: 'cursor';
  readonly id: string | null;
  readonly stream?: string;
  readonly reason?: string;
}

/** The client told its user about a loss. */
export interface Announced extends OfSubject {
  readonly kind: 'announced';
  readonly what: 'cannot-resume' | 'gap';
  readonly reason: string;
  /** Number of events said to be lost; `null` for an unknown number. */
  readonly missed: number | null;
  /** Last id before the loss and the id the stream goes on after, where known. */
  readonly after: string | null;
  readonly from: string | null;
  readonly stream?: string;
  /** A hole was seen and the client goes back for it: not yet a loss, so it excuses nothing. */
  readonly recovering?: boolean;
}

/** A heartbeat arrived at the client, with the server's newest id where it carries one. */
export interface Heartbeat extends OfSubject {
  readonly kind: 'heartbeat';
  readonly head: string | null;
  readonly stream?: string;
}

export interface StateChange extends OfSubject {
  readonly kind: 'state';
  readonly state: string;
  readonly cause?: string;
}

export interface Retry extends OfSubject {
  readonly kind: 'retry';
  readonly attempt: number;
  readonly delayMs: number;
  readonly cause: string;
}

export interface GiveUp extends OfSubject {
  readonly kind: 'give-up';
  readonly reason: string;
}

/** The client declared its connection dead or useless. */
export interface Liveness extends OfSubject {
  readonly kind: 'liveness';
  readonly cause: string;
  readonly silentMs?: number;
}

/** Life of a planned fault. A planned fault without `fired` and evidence makes the verdict `unknown`. */
export interface Fault extends Stamped {
  readonly kind: 'fault';
  /** Unique in the run, for example `toxiproxy/reset_peer#1`. */
  readonly fault: string;
  readonly phase: 'planned' | 'armed' | 'fired' | 'healed';
  /** What proves it: RST or FIN seen, exact byte, connection id, bytes dropped. */
  readonly evidence?: Readonly<Record<string, unknown>>;
}

/** A measured number over time, for example the server's resident memory. */
export interface Sample extends Stamped {
  readonly kind: 'sample';
  readonly name: string;
  readonly value: number;
  readonly unit: 'bytes' | 'ms' | 'count';
}

export interface Note extends Stamped {
  readonly kind: 'note';
  readonly text: string;
}

/**
 * Text of the note that ends the played part of a run. What follows is the harness collecting artefacts and stopping
 * clients: a picture of a page can hold its event loop for seconds, and the client is right to reconnect after that.
 */
export const PLAYED = 'played to its end; what follows is collecting and stopping';
