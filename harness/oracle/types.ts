import type { HistoryRecord } from '../history/types.ts';

/** A history as the checkers take it: whole records, in the order in which they were written. */
export type Records = readonly HistoryRecord[];

/** As in Jepsen: proven right, proven wrong, or not decided. `false` outweighs `unknown`, which outweighs `true`. */
export type Validity = true | false | 'unknown';

/**
 * What a scenario promises about processing.
 * - `effectively-once`: nothing lost, announced or not; nothing processed twice, flagged or not.
 * - `at-least-once`: nothing lost; processed again only when flagged as redelivery.
 * - `at-most-once`: nothing processed twice; losses are counted, not judged.
 * - `announced-loss`: whatever is lost was announced with an exact count; processed again only when flagged.
 */
export type Guarantee = 'effectively-once' | 'at-least-once' | 'at-most-once' | 'announced-loss';

/** Limits of a scenario. What is left out is measured and reported, not judged (exceptions are named). */
export interface Budget {
  /** From a fault's `fired` to the subject's noticing (close, liveness). */
  readonly detectMs?: number;
  /** From noticing to the next open. */
  readonly reconnectMs?: number;
  /** From a fault's `healed` to an open connection. */
  readonly healMs?: number;
  /** From an open to the last event published before it being processed. */
  readonly catchUpMs?: number;
  /** Repetitions on the wire per subject. */
  readonly duplicatesOnWire?: number;
  /**
   * Events that a server may leave out on a connection without `stream.cannot-resume`, per run. For scenarios whose
   * faults drop nothing: what is missing then is the server's doing.
   */
  readonly holesOnWire?: number;
  /** Unflagged repeated processings per subject; default 0. */
  readonly duplicatesProcessed?: number;
  /** Events asked for again per resume, counted back from the last committed; default 0, unlimited for at-least-once. */
  readonly resumeOverlap?: number;
  /** Events skipped between the cursor and the first event after it, per resume; default 0. */
  readonly resumeGap?: number;
  /** Requests per subject. */
  readonly attempts?: { readonly min?: number; readonly max?: number };
  /** Reconnects of all subjects together in any 100 ms. */
  readonly herdPeakPer100Ms?: number;
  /** Requests of one subject in any second; default 20. More is a hot loop. */
  readonly requestsPerSecond?: number;
  /** Connections that may still be open when all subjects have closed; default 0. */
  readonly connectionsAtEnd?: number;
  /** Samples (of `unit: 'bytes'`) by name: highest value, highest growth over the value before the first fault. */
  readonly memory?: Readonly<
    Record<string, { readonly maxBytes?: number; readonly maxGrowthBytes?: number }>
  >;
}

/** What a scenario expects of its history. */
export interface Expectation {
  readonly guarantee: Guarantee;
  readonly budget?: Budget;
  /** Subjects to judge; default: every subject with an `open`, `delivered` or `processed`. */
  readonly subjects?: readonly string[];
  /** Streams a subject reads; default: every stream it opened or received, else every stream produced. */
  readonly streams?: Readonly<Record<string, readonly string[]>>;
  /** What a subject is owed: from its first open (default), or everything ever produced. */
  readonly owed?: 'from-open' | 'everything';
  /**
   * What a run proves in which a subject was owed nothing: that nothing was lost (default), or, where events should have
   * come, nothing at all.
   */
  readonly nothingOwed?: 'passes' | 'unknown';
  /** Whether handlers must see events in order (default), or may see them out of order when that was reported. */
  readonly order?: 'strict' | 'reported';
  /** Announcements that must be there; default: none with a loss, except for `announced-loss` (any, exact). */
  readonly announced?: {
    /** Number of losses announced over the run; `null` must be an unknown number. Default: any. */
    readonly missed?: number | null;
    readonly reasons?: readonly string[];
    /** Fewest announcements per subject; default 1. */
    readonly atLeast?: number;
  };
  /** The negotiated deadline: longer silence on an open connection must be noticed, shorter must not alarm. */
  readonly silence?: {
    readonly deadlineMs: number;
    /** Time to act after the deadline; default 500 ms plus a quarter of the deadline. */
    readonly graceMs?: number;
    /** Whether a liveness failure must (`required`), must not (`none`), or may (default) be declared. */
    readonly alarm?: 'required' | 'none' | 'allowed';
  };
  /** Faults that must have been planned, fired and proven, by name. Every planned fault is checked anyway. */
  readonly faults?: readonly string[];
  /** Whether a sentinel must be produced and processed by each subject; default true. */
  readonly sentinel?: boolean;
  /** Whether a subject may (`allowed`), must (`required`) or must not (`never`, default) give up. */
  readonly giveUp?: 'never' | 'allowed' | 'required';
  /** Checks that this scenario means to fail; each passes exactly when it finds something. */
  readonly convicts?: readonly CheckName[];
  /** How far clocks of the parties may differ; default 5 ms. */
  readonly clockSlackMs?: number;
}

/** What a checker found. */
export interface CheckResult {
  readonly valid: Validity;
  /** One sentence for a person. */
  readonly summary: string;
  /** The offending slice of history (at most 24 records), empty when nothing offends. */
  readonly evidence: Records;
  /** Numbers by name. */
  readonly counts: Readonly<Record<string, number>>;
  /** False when the history holds nothing that this check could look at, or nothing was asked. */
  readonly applied: boolean;
  /** Message of the error that crashed the checker. */
  readonly error?: string;
}

/** A pure function of what was recorded. */
export type Checker = (history: Records, expectation: Expectation) => CheckResult;

/** Names of the checks, stable: they appear in reports, budgets and mutant tables. */
export type CheckName =
  | 'loss'
  | 'unexpected'
  | 'corruption'
  | 'duplicates'
  | 'wire-duplicates'
  | 'wire-holes'
  | 'order'
  | 'resume'
  | 'unresumed'
  | 'announced-loss'
  | 'silence'
  | 'blind-heartbeats'
  | 'alarm'
  | 'detect'
  | 'reconnect'
  | 'heal'
  | 'catch-up'
  | 'attempts'
  | 'herd'
  | 'hot-loop'
  | 'leaks'
  | 'memory'
  | 'give-up'
  | 'fabricated'
  | 'fault-proven'
  | 'sentinel'
  | 'history';

/** The composed judgement of a run. */
export interface Verdict {
  readonly verdict: Validity;
  /** One line: what failed, or that all held. */
  readonly summary: string;
  /** Names of the checks that are `false`, then of those that are `unknown`. */
  readonly failed: readonly string[];
  readonly unknown: readonly string[];
  readonly checks: Readonly<Record<string, CheckResult>>;
  readonly expectation: Expectation;
  readonly records: number;
}
