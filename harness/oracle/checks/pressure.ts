import type { HistoryRecord, Request } from '../../history/types.ts';
import { withoutResends } from '../resends.ts';
import { few, notApplied, pass, plural, unless } from '../results.ts';
import type { Checker } from '../types.ts';
import { type SubjectView, type View, viewOf } from '../view.ts';

/** P5: number of attempts per subject. */
export const attempts: Checker = (history, expectation) => {
  const view = viewOf(history, expectation);
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
  const view = viewOf(history, expectation);
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

/** P5: no subject reconnects in a hot loop. Judged always: no scenario allows one. */
export const hotLoop: Checker = (history, expectation) => {
  const view = viewOf(history, expectation);
  const limit = expectation.budget?.requestsPerSecond ?? 20;
  const offences: HistoryRecord[] = [];
  let worst = 0;
  let name = '';
  for (const subject of view.subjects) {
    const burst = busiest(attemptRecords(view, subject), 1000);
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
      ok: `at most ${plural(worst, 'request')} of one subject in a second`,
      bad: `${name} made ${worst} requests in a second, limit ${limit}`,
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

function attemptsOf(view: View, subject: SubjectView): number {
  const numbered = subject.records.map((r) => (r.kind === 'open' ? r.attempt : 0));
  return Math.max(attemptRecords(view, subject).length, ...numbered);
}

function busiest(records: readonly HistoryRecord[], windowMs: number): readonly HistoryRecord[] {
  let start = 0;
  let best: readonly [number, number] = [0, 0];
  records.forEach((record, end) => {
    while ((records[start]?.at ?? 0) <= record.at - windowMs) start++;
    if (end + 1 - start > best[1] - best[0]) best = [start, end + 1];
  });
  return records.slice(...best);
}
