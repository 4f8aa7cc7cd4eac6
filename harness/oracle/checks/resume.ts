import type { Delivered, HistoryRecord, Open, Processed } from '../../history/types.ts';
import { type Account, accountOf, isCovered } from '../owed.ts';
import { type Reconnect, reconnectsOf } from '../reconnects.ts';
import { fail, notApplied, pass, plural } from '../results.ts';
import type { Checker, Expectation } from '../types.ts';
import { isLive, type StreamView, type SubjectView, subscriptions, viewOf } from '../view.ts';

type Offence = { readonly text: string; readonly records: readonly HistoryRecord[] };

/**
 * Resume exactness: each reconnect carries the cursor that was last committed, and the first event after it is the
 * next one. Counts what was asked for or sent again (overlap) and what was skipped (gap).
 */
export const resume: Checker = (history, expectation) => {
  const view = viewOf(history, expectation);
  const offences: Offence[] = [];
  const counts = { resumes: 0, exact: 0, overlap: 0, gap: 0, unjudged: 0 };
  for (const [subject, stream] of subscriptions(view)) {
    const account = accountOf(view, subject, stream, expectation);
    for (const reconnect of reconnectsOf(view, subject, stream)) {
      if (reconnect.sent === null) continue; // `unresumed` judges those
      counts.resumes++;
      const asked = judgeCursor(reconnect, reconnect.sent, stream);
      if (asked.kind === 'unjudged') counts.unjudged++;
      const answered = judgeAnswer(reconnect, subject, stream, account);
      counts.overlap += asked.overlap + answered.overlap;
      counts.gap += answered.gap;
      const found = offencesOf(asked, answered, reconnect, subject.name, expectation);
      if (found.length === 0) counts.exact++;
      offences.push(...found);
    }
  }
  if (counts.resumes === 0) return notApplied('no reconnect with a cursor', counts);
  if (offences.length > 0) {
    return fail(
      offences[0]?.text ?? '',
      offences.flatMap((each) => each.records),
      counts,
    );
  }
  return pass(`${plural(counts.resumes, 'resume')} from the committed cursor to the next event`, counts);
};

/** A reconnect without a cursor although one was known. */
export const unresumed: Checker = (history, expectation) => {
  const view = viewOf(history, expectation);
  const offences: HistoryRecord[] = [];
  let reconnects = 0;
  let bare = 0;
  for (const [subject, stream] of subscriptions(view)) {
    for (const reconnect of reconnectsOf(view, subject, stream)) {
      reconnects++;
      if (reconnect.sent !== null || reconnect.allowed.some((move) => move.id === null)) continue;
      bare++;
      offences.push(...lastCommit(reconnect, subject), reconnect.record);
    }
  }
  const counts = { reconnects, unresumed: bare };
  if (reconnects === 0) return notApplied('no reconnects', counts);
  if (bare > 0) {
    return fail(`${plural(bare, 'reconnect')} of ${reconnects} without the known cursor`, offences, counts);
  }
  return pass(`${plural(reconnects, 'reconnect')}, none forgot its cursor`, counts);
};

interface Asked {
  readonly kind: 'exact' | 'behind' | 'ahead' | 'foreign' | 'unjudged';
  readonly overlap: number;
}

function judgeCursor(reconnect: Reconnect, sent: string, stream: StreamView): Asked {
  const known = reconnect.allowed.filter((move) => move.id !== null);
  if (known.length === 0) return { kind: 'unjudged', overlap: 0 };
  if (known.some((move) => move.id === sent)) return { kind: 'exact', overlap: 0 };
  const place = stream.place(sent);
  if (place === null) return { kind: 'foreign', overlap: 0 };
  const places = known.flatMap((move) => (move.place === null ? [] : [move.place]));
  if (places.length === 0) return { kind: 'unjudged', overlap: 0 };
  const lowest = Math.min(...places);
  if (place < lowest) return { kind: 'behind', overlap: lowest - place };
  return { kind: place > Math.max(...places) ? 'ahead' : 'exact', overlap: 0 };
}

interface Answer {
  readonly first: HistoryRecord | null;
  readonly overlap: number;
  readonly gap: number;
}

/** What arrived first on the connection that the request led to. */
function judgeAnswer(
  reconnect: Reconnect,
  subject: SubjectView,
  stream: StreamView,
  account: Account,
): Answer {
  const cursor = reconnect.sent === null ? null : stream.place(reconnect.sent);
  const first = firstArrival(reconnect, subject, stream);
  const place = first === null ? null : stream.place(first.id);
  if (cursor === null || first === null || place === null || stream.events[place]?.id !== first.id) {
    return { first: null, overlap: 0, gap: 0 };
  }
  let gap = 0;
  for (let index = cursor + 1; index < place; index++) if (!isCovered(account, index)) gap++;
  return { first, overlap: Math.max(0, cursor + 1 - place), gap };
}

function firstArrival(
  reconnect: Reconnect,
  subject: SubjectView,
  stream: StreamView,
): Delivered | Processed | null {
  const { records } = subject;
  const isOpen = (r: HistoryRecord): r is Open => r.kind === 'open' && isLive(r);
  const start = records.findIndex((r) => isOpen(r) && r.at >= reconnect.notBefore && r.at < reconnect.until);
  if (start === -1) return null;
  const recordsArrivals = records.some((r) => r.kind === 'delivered');
  for (const record of records.slice(start + 1)) {
    if (record.kind === 'close' || isOpen(record)) return null;
    const arrival = recordsArrivals ? record.kind === 'delivered' : record.kind === 'processed';
    if (arrival && 'id' in record && 'digest' in record && record.stream === stream.name) {
      return record as Delivered | Processed;
    }
  }
  return null;
}

function offencesOf(
  asked: Asked,
  answered: Answer,
  reconnect: Reconnect,
  name: string,
  expectation: Expectation,
): readonly Offence[] {
  const budget = expectation.budget ?? {};
  const overlapBudget =
    budget.resumeOverlap ?? (expectation.guarantee === 'at-least-once' ? Number.POSITIVE_INFINITY : 0);
  const sent = JSON.stringify(reconnect.sent);
  const committed = JSON.stringify(reconnect.allowed.at(-1)?.id ?? null);
  const offences: Offence[] = [];
  const add = (text: string, ...records: readonly (HistoryRecord | null)[]) => {
    offences.push({ text: `${name} ${text}`, records: records.filter((r) => r !== null) });
  };
  if (asked.kind === 'ahead') {
    add(`resumed from ${sent}, past the committed ${committed}`, ...reconnect.context, reconnect.record);
  } else if (asked.kind === 'foreign') {
    add(`sent the cursor ${sent}, which is no id of the stream`, ...reconnect.context, reconnect.record);
  } else if (asked.overlap > overlapBudget) {
    add(`resumed from ${sent}, ${asked.overlap} behind ${committed}`, ...reconnect.context, reconnect.record);
  }
  if (answered.gap > (budget.resumeGap ?? 0)) {
    add(`asked for what follows ${sent}; ${answered.gap} skipped`, reconnect.record, answered.first);
  }
  if (answered.overlap > overlapBudget) {
    add(`asked for what follows ${sent}; ${answered.overlap} sent again`, reconnect.record, answered.first);
  }
  return offences;
}

function lastCommit(reconnect: Reconnect, subject: SubjectView): readonly HistoryRecord[] {
  return subject.records
    .filter((r) => (r.kind === 'processed' || r.kind === 'cursor') && r.at <= reconnect.record.at)
    .slice(-1);
}
