import type { EventMeta, Position } from '../protocol/index.ts';

/**
 * A publication before it has a place: what `append` is given and what a durable log stores. It was validated by the
 * publisher (type, metadata, size), so a log takes it as it is.
 */
export interface EventDraft extends EventMeta {
  readonly type: string;
  /** The payload as JSON text (it holds no raw line ending). */
  readonly data: string;
  /** Time of publication by the publisher's wall clock, unix milliseconds. May run backwards between drafts. */
  readonly unixMs: number;
}

/**
 * What a log can say about itself at any moment, synchronously (health checks, metrics, `stream.open`). The numbers of
 * one snapshot fit together. `head - oldest + 1` events are held: sequences have no holes.
 */
export interface LogBounds {
  /** Incarnation of the log. A running log changes it when its data is lost (Redis came back empty). */
  readonly epoch: string;
  /** Sequence of the oldest event held; `head + 1` when none is. */
  readonly oldest: number;
  /** Sequence of the newest event that a reader may see; 0 before the first. */
  readonly head: number;
  /** Size of what is held, in bytes of encoded frames or of the store's own form. */
  readonly bytes: number;
  /** Publication time of the oldest event held, unix ms; `null` when none is. */
  readonly oldestUnixMs: number | null;
  /** Whether `end()` was called: no event will follow `head`. */
  readonly ended: boolean;
}

/** A run of whole, consecutive frames as one block of bytes, shared by all readers: MUST NOT be written to. */
export interface FrameBatch {
  readonly kind: 'batch';
  readonly bytes: Uint8Array;
  /** Sequence of the first frame in `bytes`. */
  readonly firstSeq: number;
  /** Sequence of the last frame in `bytes`; the reader's next cursor. */
  readonly lastSeq: number;
  /** Publication time of the first frame, for lag, unix ms. */
  readonly firstUnixMs: number;
}

/** Answer to a read: frames; nothing after the cursor yet; or the cursor is not in the log (see `bounds()` for why). */
export type LogRead = FrameBatch | { readonly kind: 'caught-up' } | { readonly kind: 'gone' };

/** How much one read may return. At least one frame is returned when there is one, however large it is. */
export interface ReadLimit {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

/** A value now or later. Logs in memory answer now, which keeps publishing to N readers free of promises. */
export type MaybePromise<T> = T | Promise<T>;

/** What the owner of a log gives it at `open`. A log has exactly one owner. */
export interface LogHost {
  /**
   * Encodes a draft at its position as frame text, blank line included. A log calls it once per event and process,
   * not once per reader: keep the result in a `FrameRing`.
   */
  readonly encode: (position: Position, draft: EventDraft) => string;
  /**
   * Called after `bounds()` moved for any reason: appended here or by another instance, ended, epoch changed. May be
   * called from inside `append`. Spurious calls are harmless.
   */
  readonly advanced: () => void;
  /** Called for trouble that no caller is waiting for: a lost reader connection, a failed trim. */
  readonly failed: (error: Error) => void;
  /** Wall clock, unix milliseconds. */
  readonly now: () => number;
}

/**
 * The one interface of memory, embedded durable and Redis logs. A log is a sequence of events 1, 2, 3 … under an epoch,
 * trimmed from the old end by its own retention.
 *
 * Rules that the contract suite checks:
 * - Position (epoch and sequence) is assigned atomically at append; concurrent appends get distinct, hole-free sequences
 *   in the order of the calls of one process.
 * - `append` resolves when the event is as durable as this log can make it. No reader sees an event before that, else it
 *   could be handed out, lost, and its position used again.
 * - Retention never removes the newest event's number: after trimming everything, `oldest` is `head + 1` and
 *   `head` stays.
 * - An epoch is never used again for different contents.
 */
export interface ReplayLog {
  /** Whether what it holds is gone when it is closed. Default false: a log of the same name finds it again. */
  readonly volatile?: boolean;
  /** Prepares the log (opens the file, connects, recovers). Called once, before everything else. */
  open(host: LogHost): MaybePromise<void>;
  /** A synchronous snapshot. For a shared log: as of the last thing this process heard. */
  bounds(): LogBounds;
  /**
   * Appends and assigns the position.
   * @throws SseKitError `ERR_STREAM_ENDED` after `end()`, `ERR_LOG_CLOSED` after `close()`, `ERR_LOG_UNAVAILABLE` when
   * the store cannot be reached; the event then may or may not have been stored (the store decides, `cause` says more).
   */
  append(draft: EventDraft): MaybePromise<Position>;
  /**
   * Reads whole frames after a cursor, oldest first. `after.seq` 0 means from the beginning. `gone` when `after.epoch` is
   * not the log's, `after.seq` is beyond the head, or `after.seq + 1` is older than the oldest held.
   */
  read(after: Position, limit: ReadLimit): MaybePromise<LogRead>;
  /**
   * Brings `bounds()` up to date with the store. Called when a cursor is not within the bounds as this process knows
   * them: another instance may have published it a moment ago. A log that only this process writes does nothing.
   */
  refresh(): MaybePromise<void>;
  /** Marks the stream complete, durably and for all instances. Idempotent. */
  end(): MaybePromise<void>;
  /** Stops timers, connections and files. Appends under way settle first. Idempotent. */
  close(): MaybePromise<void>;
}

/** Number of events held. */
export function logSize(bounds: LogBounds): number {
  return bounds.head - bounds.oldest + 1;
}
