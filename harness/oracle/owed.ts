import type { Announced, Delivered, HistoryRecord, Open, Processed, Produced } from '../history/types.ts';
import { cursorTrail } from './cursors.ts';
import type { Expectation } from './types.ts';
import { isLive, processedOn, type StreamView, type SubjectView, streamOf, type View } from './view.ts';

/** What one subject is owed on one stream, and how each owed event was accounted for. */
export interface Account {
  /** Indices into the stream's events, first and one past the last. */
  readonly from: number;
  readonly to: number;
  /** Indices that were processed, or visibly given to the dead-letter callback. */
  readonly handled: ReadonlySet<number>;
  /** Announcements with the range of indices that each speaks of. */
  readonly announcements: readonly Claim[];
}

/** An announcement of loss and the places it is about (inclusive; empty when `last < first`). */
export interface Claim {
  readonly record: Announced;
  readonly first: number;
  readonly last: number;
}

// A view belongs to one expectation, so its subjects and streams name an account; four checkers ask for each.
const accounts = new WeakMap<SubjectView, Map<StreamView, Account>>();

/** The account of a subject on a stream. */
export function accountOf(
  view: View,
  subject: SubjectView,
  stream: StreamView,
  expectation: Expectation,
): Account {
  let known = accounts.get(subject);
  if (!known) {
    known = new Map();
    accounts.set(subject, known);
  }
  let account = known.get(stream);
  if (!account) {
    account = drawUp(view, subject, stream, expectation);
    known.set(stream, account);
  }
  return account;
}

function drawUp(view: View, subject: SubjectView, stream: StreamView, expectation: Expectation): Account {
  const handled = new Set<number>();
  for (const record of subject.records) {
    if ((record.kind !== 'processed' && record.kind !== 'dead-letter') || record.stream !== stream.name)
      continue;
    const index = exactPlace(stream, record.id);
    if (index !== null) handled.add(index);
  }
  const from = expectation.owed === 'everything' ? 0 : subscriptionPoint(view, subject, stream);
  const to = endOfDebt(view, subject, stream, expectation);
  return { from, to, handled, announcements: claimsOf(subject, stream, from) };
}

/** Index of the event that has exactly this id. */
export function exactPlace(stream: StreamView, id: string): number | null {
  const place = stream.place(id);
  return place !== null && place >= 0 && stream.events[place]?.id === id ? place : null;
}

/** Whether an announcement speaks of this index; that its count is right is the business of `announced-loss`. */
export function isCovered(account: Account, index: number): boolean {
  return account.announcements.some(({ first, last }) => index >= first && index <= last);
}

function subscriptionPoint(view: View, subject: SubjectView, stream: StreamView): number {
  const open = subject.records.find(
    (r): r is Open => r.kind === 'open' && isLive(r) && (streamOf(r, subject) ?? stream.name) === stream.name,
  );
  if (!open) return stream.events.length;
  const primed = stream.place(open.cursor) ?? stream.place(open.lastEventId);
  if (primed !== null) return primed + 1;
  // Without a cursor only the clock tells what was published later.
  const index = stream.events.findIndex((event) => event.at > open.at + view.slackMs);
  return index === -1 ? stream.events.length : index;
}

function endOfDebt(view: View, subject: SubjectView, stream: StreamView, expectation: Expectation): number {
  const ends: number[] = [stream.events.length];
  const { closedAt } = subject;
  if (closedAt !== null) ends.push(indexAfter(stream.events, closedAt - view.slackMs));
  if (expectation.giveUp === 'allowed' || expectation.giveUp === 'required') {
    const gaveUp = subject.records.findLastIndex((r) => r.kind === 'give-up');
    const back = subject.records.slice(gaveUp + 1).some((r) => r.kind === 'open' && isLive(r));
    if (gaveUp >= 0 && !back) {
      // Giving up is a loud end: what lay beyond the last handled event is announced by it.
      const last = processedOn(subject, stream.name).map((r) => exactPlace(stream, r.id) ?? -1);
      ends.push(Math.max(-1, ...last) + 1);
    }
  }
  return Math.min(...ends);
}

function indexAfter(events: readonly Produced[], at: number): number {
  const index = events.findIndex((event) => event.at > at);
  return index === -1 ? events.length : index;
}

function claimsOf(subject: SubjectView, stream: StreamView, from: number): readonly Claim[] {
  const claims: Claim[] = [];
  subject.records.forEach((record, position) => {
    if (record.kind !== 'announced' || record.recovering === true) return;
    if ((streamOf(record, subject) ?? stream.name) !== stream.name) return;
    // Announced on a live connection (`too-slow`), a loss has no requested cursor: it begins where the subject was. The
    // announcement moves the cursor itself, so that its own moment is too late to ask.
    const before = stream.place(record.after) ?? cursorTrail(subject, stream).placeBefore(record.at);
    const first = before === null ? from : before + 1;
    // What is handled next was not lost, and neither is what comes after it: no announcement reaches that far.
    const next = nextHandled(subject, stream, position, first);
    const said =
      stream.place(record.from) ?? (next === null ? indexAfter(stream.events, record.at) - 1 : next);
    claims.push({ record, first, last: next === null ? said : Math.min(said, next - 1) });
  });
  return claims;
}

/**
 * Index of the first event at or after `first` that is handled after the record at this position, if any. What had
 * arrived before was only waiting for its handler.
 */
function nextHandled(
  subject: SubjectView,
  stream: StreamView,
  position: number,
  first: number,
): number | null {
  const isOn = (r: HistoryRecord): r is Delivered | Processed =>
    (r.kind === 'delivered' || r.kind === 'processed') && r.stream === stream.name;
  const before = subject.records.slice(0, position);
  const arrived = new Set(before.flatMap((r) => (isOn(r) ? [r.id] : [])));
  for (const record of subject.records.slice(position + 1)) {
    if (record.kind !== 'processed' || !isOn(record) || arrived.has(record.id)) continue;
    const index = exactPlace(stream, record.id);
    if (index !== null && index >= first) return index;
  }
  return null;
}
