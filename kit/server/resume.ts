import {
  type CannotResumeReason,
  formatPosition,
  type Position,
  parsePosition,
  quote,
  type ResumeOutcome,
} from '../protocol/index.ts';
import type { LogBounds } from './replay-log.ts';

/** The cursor of a request, as far as it can be understood without the log. */
export type CursorRequest =
  | { readonly kind: 'none' }
  | { readonly kind: 'position'; readonly text: string; readonly position: Position }
  | { readonly kind: 'malformed'; readonly text: string };

/** Where a connection begins and what it is told. */
export interface ResumePlan {
  readonly outcome: ResumeOutcome;
  /** The first event written is `start.seq + 1`. */
  readonly start: Position;
  /**
   * The `id:` of `stream.open`. With a loss it is the cursor as requested where that is a position: a client cut before
   * it has read the announcement then asks again and is told again.
   */
  readonly primer: Position;
  /** Set when the outcome is `gap`. */
  readonly loss?: Loss;
}

/** A loss to announce: the body of `stream.cannot-resume`. */
export interface Loss {
  readonly reason: CannotResumeReason;
  readonly requested: string | null;
  readonly from: string;
  readonly missed: number | null;
}

/** Where a subscription without a cursor begins: after the newest event, or before the oldest that is held. */
export type FreshFrom = 'head' | 'oldest';

/** Reads a cursor as sent. An empty one counts as none: browsers send no header after `id:` with an empty value. */
export function readCursor(text: string | null, maxLength: number): CursorRequest {
  if (text === null || text === '') return { kind: 'none' };
  const position = text.length <= maxLength ? parsePosition(text) : null;
  return position ? { kind: 'position', text, position } : { kind: 'malformed', text };
}

/** Whether a cursor lies within the log, so that it can be continued from exactly. */
export function isWithin(position: Position, bounds: LogBounds): boolean {
  return position.epoch === bounds.epoch && position.seq <= bounds.head && position.seq + 1 >= bounds.oldest;
}

/**
 * Decides where a connection begins. What is still held after a loss is delivered wherever that can be new to the
 * client: after `expired` and `epoch-changed` the stream goes on with the oldest event held. A cursor that says nothing
 * credible (`malformed`, `unknown`) or is not the client's own (`forbidden`) goes on at the head: no replay.
 * @param allowed whether the auth hook lets this client resume.
 */
export function planResume(
  cursor: CursorRequest,
  bounds: LogBounds,
  freshFrom: FreshFrom,
  allowed = true,
): ResumePlan {
  if (cursor.kind === 'none') {
    const start = freshFrom === 'head' ? headOf(bounds) : beforeOldest(bounds);
    return { outcome: 'fresh', start, primer: start };
  }
  const { text } = cursor;
  if (cursor.kind === 'malformed') {
    return lose(text, allowed ? 'malformed' : 'forbidden', headOf(bounds), headOf(bounds), null);
  }
  const { position } = cursor;
  if (!allowed) return lose(text, 'forbidden', headOf(bounds), position, null);
  if (isWithin(position, bounds)) return { outcome: 'ok', start: position, primer: position };
  const { reason, start, missed } = lossAt(position, bounds);
  return lose(text, reason, start, position, missed);
}

/** What a live connection is told whose place is no longer in the log: how many events it lost, and where it goes on. */
export function planFallOff(position: Position, bounds: LogBounds): ResumePlan {
  const { reason, start, missed } = lossAt(position, bounds);
  return lose(null, reason === 'expired' ? 'too-slow' : reason, start, start, missed);
}

function lossAt(
  position: Position,
  bounds: LogBounds,
): { reason: CannotResumeReason; start: Position; missed: number | null } {
  if (position.epoch !== bounds.epoch) {
    return { reason: 'epoch-changed', start: beforeOldest(bounds), missed: null };
  }
  if (position.seq > bounds.head) return { reason: 'unknown', start: headOf(bounds), missed: null };
  return { reason: 'expired', start: beforeOldest(bounds), missed: bounds.oldest - 1 - position.seq };
}

function lose(
  requested: string | null,
  reason: CannotResumeReason,
  start: Position,
  primer: Position,
  missed: number | null,
): ResumePlan {
  const shortened = requested === null ? null : shorten(requested);
  return {
    outcome: 'gap',
    start,
    primer,
    loss: { reason, requested: shortened, from: formatPosition(start), missed },
  };
}

/** A requested cursor for people: JSON-escaped and shortened only where it is not plain already. */
export function shorten(text: string): string {
  return /^[\x21-\x7e]{1,120}$/.test(text) ? text : quote(text, 120);
}

function headOf(bounds: LogBounds): Position {
  return { epoch: bounds.epoch, seq: bounds.head };
}

function beforeOldest(bounds: LogBounds): Position {
  return { epoch: bounds.epoch, seq: bounds.oldest - 1 };
}
