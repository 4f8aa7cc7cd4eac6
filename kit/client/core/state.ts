import type { Backoff } from './backoff.ts';
import type { Failure, FailureCause, RetryDecision } from './failure.ts';

/** The retry policy, complete. Times in milliseconds. */
export interface RetryPolicy extends Backoff {
  /** Failures in a row after which the client gives up; `Infinity` for never. */
  readonly maxAttempts: number;
  /** Time since the first failure in a row after which the client gives up; `Infinity` for never. */
  readonly maxElapsedMs: number;
  /**
   * A connection must live so long before it counts as healthy; only then do failures in a row start anew. One that
   * the server drains sooner is a failure, too.
   */
  readonly healthyAfterMs: number;
  /** The most that `Retry-After` and a drain may ask for. */
  readonly maxRetryAfterMs: number;
}

/** One failed attempt, kept for `onGiveUp`. */
export interface AttemptRecord {
  readonly attempt: number;
  readonly at: number;
  readonly failure: Failure;
}

/** Why a client is closed. */
export type CloseReason =
  | { readonly type: 'complete' }
  | { readonly type: 'closed'; readonly cause: string }
  | {
      readonly type: 'gave-up';
      readonly why: 'final' | 'attempts' | 'elapsed';
      readonly failure: Failure;
      readonly attempts: readonly AttemptRecord[];
    }
  | { readonly type: 'failed'; readonly error: unknown };

/** What every state remembers. */
export interface Memory {
  /** Attempts made so far; 1 during the first. */
  readonly attempt: number;
  /** Failures in a row. */
  readonly failures: number;
  /** When the first of them was; of no meaning when there is none. */
  readonly failingSince: number;
  /** The delay before the current attempt. */
  readonly delayMs: number;
  /** Reconnection time the server set by `retry:`; 0 when it set none. */
  readonly retryMs: number;
  /** The last failures in a row, oldest first, at most 20. */
  readonly history: readonly AttemptRecord[];
}

/** A wait for the next attempt. */
export interface Wait {
  readonly delayMs: number;
  /** What the server asked for, 0 for nothing. */
  readonly floorMs: number;
  readonly cause: FailureCause | 'budget' | 'restore';
}

/** The life of a client. Times are on the clock that `now` comes from. */
export type State = Memory &
  (
    | { readonly name: 'idle' }
    | { readonly name: 'connecting' }
    /** `since`: when the response began. */
    | { readonly name: 'open'; readonly since: number }
    | { readonly name: 'draining'; readonly since: number; readonly floorMs: number }
    | {
        readonly name: 'waiting';
        readonly since: number;
        /** What the server asked for: no signal cuts the wait shorter. */
        readonly notBefore: number;
        /** `null` while the page is away: nothing happens until it is restored. */
        readonly wait: Wait | null;
      }
    | { readonly name: 'closed'; readonly reason: CloseReason }
  );

/** Name of a state. */
export type StateName = State['name'];

/** What happens to a client. Chance comes in with the input: `roll` is uniform in [0, 1). */
export type Input =
  | { readonly type: 'start' }
  /** A response that is an event stream began. */
  | { readonly type: 'opened' }
  /** The attempt or the connection ended. `floorMs`: what the server asked to wait; 0 for nothing. */
  | {
      readonly type: 'failed';
      readonly failure: Failure;
      readonly decision: RetryDecision;
      readonly floorMs: number;
      readonly roll: number;
    }
  /** The budget shared by all streams of the origin is spent: no request was made. */
  | { readonly type: 'throttled'; readonly waitMs: number }
  /** The server set the reconnection time. */
  | { readonly type: 'retry-hint'; readonly retryMs: number }
  /** The server announced that it will end this response. */
  | { readonly type: 'drain'; readonly floorMs: number }
  /** The stream is complete. */
  | { readonly type: 'complete' }
  /** The wait is over. */
  | { readonly type: 'timer' }
  | { readonly type: 'online' }
  | { readonly type: 'offline' }
  | { readonly type: 'wake' }
  | { readonly type: 'suspend' }
  | { readonly type: 'restore' }
  | { readonly type: 'reconnect' }
  | { readonly type: 'close'; readonly reason: CloseReason };

/**
 * What the driver has to do:
 * - `enter`: let go of the request, the connection or the wait of the state before, and begin what the next state says:
 *   a request when `connecting`, its wait when `waiting`, the end when `closed`;
 * - `check`: look at once whether the connection is alive.
 */
export type Effect = 'enter' | 'check';
