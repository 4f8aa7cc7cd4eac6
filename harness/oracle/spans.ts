import type { HistoryRecord } from '../history/types.ts';
import { isLive, type SubjectView } from './view.ts';

/** A time in which a subject believed its connection open. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly start: HistoryRecord;
  /** What ended it; `null` when the history ended first. */
  readonly end: HistoryRecord | null;
}

const ENDING_STATES = new Set(['waiting', 'connecting', 'closed', 'retrying', 'reconnecting']);

/**
 * Times in which the subject held an open connection. With several connections at once (one per stream) the spans of
 * the subject are those in which at least the latest is open.
 */
export function connectedSpans(subject: SubjectView, endsAt: number): readonly Span[] {
  const spans: Span[] = [];
  let start: HistoryRecord | null = null;
  for (const record of subject.records) {
    if (record.kind === 'open' && isLive(record)) {
      if (start === null) start = record;
      continue;
    }
    const ends =
      record.kind === 'close' ||
      record.kind === 'liveness' ||
      record.kind === 'give-up' ||
      (record.kind === 'state' && ENDING_STATES.has(record.state));
    if (start !== null && ends) {
      spans.push({ from: start.at, to: record.at, start, end: record });
      start = null;
    }
  }
  if (start !== null) spans.push({ from: start.at, to: endsAt, start, end: null });
  return spans;
}

const ARRIVALS: ReadonlySet<HistoryRecord['kind']> = new Set([
  'delivered',
  'deduped',
  'out-of-order',
  'announced',
  'heartbeat',
  'open',
]);

/** Signs of life from the network within a span. Handlers finish late, so `processed` counts only without `delivered`. */
export function activity(subject: SubjectView, span: Span): readonly { at: number; record: HistoryRecord }[] {
  const signs = signsOf(subject);
  const result: { at: number; record: HistoryRecord }[] = [];
  for (let i = firstAt(signs, span.from); i < signs.length; i++) {
    const record = signs[i];
    if (!record || record.at > span.to) break;
    result.push({ at: record.at, record });
  }
  return result;
}

/** Milliseconds between two times in which the subject itself slept (state `frozen` until its next state). */
export function sleepWithin(subject: SubjectView, from: number, to: number): number {
  let slept = 0;
  for (const [start, end] of sleepsOf(subject)) {
    slept += Math.max(0, Math.min(end, to) - Math.max(start, from));
  }
  return slept;
}

const signsOf = remembered((subject): readonly HistoryRecord[] => {
  const recordsArrivals = subject.records.some((r) => r.kind === 'delivered');
  return subject.records.filter((r) => ARRIVALS.has(r.kind) || (!recordsArrivals && r.kind === 'processed'));
});

const sleepsOf = remembered((subject): readonly (readonly [number, number])[] => {
  const sleeps: (readonly [number, number])[] = [];
  let since: number | null = null;
  for (const record of subject.records) {
    if (record.kind !== 'state') continue;
    if (since !== null) sleeps.push([since, record.at]);
    since = record.state === 'frozen' ? record.at : null;
  }
  if (since !== null) sleeps.push([since, Number.POSITIVE_INFINITY]);
  return sleeps;
});

function firstAt(records: readonly HistoryRecord[], at: number): number {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((records[middle]?.at ?? at) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Subjects are immutable, and the same question is asked for every silence and every fault. */
function remembered<T>(compute: (subject: SubjectView) => T): (subject: SubjectView) => T {
  const known = new WeakMap<SubjectView, { readonly value: T }>();
  return (subject) => {
    const before = known.get(subject);
    if (before) return before.value;
    const value = compute(subject);
    known.set(subject, { value });
    return value;
  };
}
