import type { HistoryRecord, Request, Retry } from '../../history/types.ts';
import { withoutResends } from '../resends.ts';
import { few, notApplied, pass, plural, unless } from '../results.ts';
import type { Checker } from '../types.ts';
import { playedViewOf, type SubjectView, type View, viewOf } from '../view.ts';

/** P5: number of attempts per subject. */
export const attempts: Checker = (history, expectation) => {
  const view = playedViewOf(history, expectation);
  const asked = expectation.budget?.attempts;
  const perSubject = view.subjects.map((subject) => ({ subject, count: attemptsOf(view, subject) }));
  const most = Math.max(0, ...perSubject.map((each) => each.count));
  const counts = { total: perSubject.reduce((sum, each) => sum + each.count, 0), most };
  if (!asked) return notApplied(`at most ${plural(most, 'attempt')} per subject, no budget`, counts);
  const { min = 0, max = Number.POSITIVE_INFINITY } = asked;
  const wrong = perSubject.filter(({ count }) => count < min || count > max);
  const range = max === Number.POSITIVE_INFINITY ? `at least ${min}` : `${min} to ${max}`;
  if (wrong.length === 0) return pass(`${most} at most, budget ${range}`, counts);
  const evidence = wrong.flatMap(({ subject }) => attemptRecords(view, subject).slice(-12));
  const names = few(wrong.map(({ subject, count }) => `${subject.name} made ${plural(count, 'attempt')}`));
  // Without any request there is no record to show; the opens stand in, if any.
  return { valid: false, applied: true, summary: `${names}, budget ${range}`, evidence, counts };
};

/** P5: reconnects of all subjects together never bunch. */
export const herd: Checker = (history, expectation) => {
  const view = playedViewOf(history, expectation);
  const budget = expectation.budget?.herdPeakPer100Ms;
  const returns = view.subjects
    .flatMap((subject) => attemptRecords(view, subject).slice(1))
    .sort((a, b) => a.at - b.at);
  const peak = busiest(returns, 100);
  const counts = { reconnects: returns.length, peakPer100Ms: peak.length };
  if (budget === undefined) return notApplied(`peak of ${peak.length} per 100 ms, no budget`, counts);
  return unless(
    peak.length > budget ? peak : [],
    {
      ok: `peak of ${plural(peak.length, 'reconnect')} per 100 ms, budget ${budget}`,
      bad: `${plural(peak.length, 'reconnect')} within 100 ms, budget ${budget}`,
    },
    counts,
  );
};

/**
 * P5: no subject reconnects in a hot loop. Judged always: no scenario allows one. An attempt that is refused leaves no
 * request, so what the subject says of its retries counts as well.
 */
export const hotLoop: Checker = (history, expectation) => {
  const view = viewOf(history, expectation);
  const limit = expectation.budget?.requestsPerSecond ?? 20;
  const offences: HistoryRecord[] = [];
  let worst = 0;
  let name = '';
  for (const subject of view.subjects) {
    const requests = busiest(attemptRecords(view, subject), 1000);
    const retries = busiest(retriesOf(subject), 1000, dueAt);
    const burst = retries.length > requests.length ? retries : requests;
    if (burst.length > worst) {
      worst = burst.length;
      name = subject.name;
    }
    if (burst.length > limit) offences.push(...burst);
  }
  const counts = { peakPerSecond: worst, limit };
  return unless(
    offences,
    {
      ok: `at most ${plural(worst, 'attempt')} of one subject in a second`,
      bad: `${name} made ${worst} attempts in a second, limit ${limit}`,
    },
    counts,
  );
};

/** What the client did. What its HTTP stack repeated without asking is on record, and not the client's to answer for. */
function attemptRecords(view: View, subject: SubjectView): readonly (Request | HistoryRecord)[] {
  if (subject.requests.length > 0) return withoutResends(view, subject);
  // Nobody saw the requests: a retry ends in an attempt, and so does the first open.
  const retries = subject.records.filter((r) => r.kind === 'retry');
  const first = subject.records.find((r) => r.kind === 'open');
  return first ? [first, ...retries] : retries;
}

function retriesOf(subject: SubjectView): readonly Retry[] {
  const retries = subject.records.filter((r): r is Retry => r.kind === 'retry');
  return retries.sort((a, b) => dueAt(a) - dueAt(b));
}

/** When the attempt is made that a retry speaks of. */
function dueAt({ at, delayMs }: Retry): number {
  return at + delayMs;
}

function attemptsOf(view: View, subject: SubjectView): number {
  // Not spread into Math.max: a subject with many events would exceed what a call takes.
  const numbered = (most: number, r: HistoryRecord) => (r.kind === 'open' ? Math.max(most, r.attempt) : most);
  return subject.records.reduce(numbered, attemptRecords(view, subject).length);
}

/** @param timeOf by which the records are sorted. */
function busiest<T extends HistoryRecord>(
  records: readonly T[],
  windowMs: number,
  timeOf: (record: T) => number = ({ at }) => at,
): readonly T[] {
  let start = 0;
  let best: readonly [number, number] = [0, 0];
  records.forEach((record, end) => {
    const from = timeOf(record) - windowMs;
    for (let first = records[start]; first && timeOf(first) <= from; first = records[start]) start++;
    if (end + 1 - start > best[1] - best[0]) best = [start, end + 1];
  });
  return records.slice(...best);
}
