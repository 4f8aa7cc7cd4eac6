import type { DeadLetter, Delivered, HistoryRecord, Processed } from '../../history/types.ts';
import { fail, notApplied, pass, plural } from '../results.ts';
import type { Checker } from '../types.ts';
import { type SubjectView, type View, viewOf } from '../view.ts';
import { decodeWire } from '../wire.ts';

/**
 * P2: no event is processed again, except as the guarantee and its redelivery flag allow. An event that the handler has
 * finished with is not given to the dead letters as well.
 */
export const duplicates: Checker = (history, expectation) => {
  const view = viewOf(history, expectation);
  const flaggedAllowed =
    expectation.guarantee === 'at-least-once' || expectation.guarantee === 'announced-loss';
  const budget = expectation.budget?.duplicatesProcessed ?? 0;
  const offences: HistoryRecord[] = [];
  let redelivered = 0;
  let repeated = 0;
  let processed = 0;
  for (const subject of view.subjects) {
    const first = new Map<string, Processed | DeadLetter>();
    const mine: HistoryRecord[] = [];
    let against = 0;
    for (const record of subject.records) {
      if (record.kind !== 'processed' && record.kind !== 'dead-letter') continue;
      if (record.id === '') continue; // without an id nobody can tell a repetition from a new event
      if (record.kind === 'processed') processed++;
      const key = `${record.stream} ${record.id}`;
      const before = first.get(key);
      if (!before) {
        first.set(key, record);
        continue;
      }
      if (record.kind === 'dead-letter' && before.kind === 'dead-letter') continue; // no handler has finished with it
      const flagged = record.kind === 'processed' && record.redelivery === true;
      if (flagged) redelivered++;
      else repeated++;
      if (flagged && flaggedAllowed) continue;
      against++;
      mine.push(before, record);
    }
    if (against > budget) offences.push(...mine);
  }
  const counts = { processed, repeated, redelivered };
  if (processed === 0) return notApplied('nothing with an id was processed', counts);
  if (offences.length > 0) {
    const flagged = flaggedAllowed ? ' without being flagged' : '';
    return fail(
      `${plural(repeated + (flaggedAllowed ? 0 : redelivered), 'event')} processed again${flagged}`,
      offences,
      counts,
    );
  }
  return pass(
    repeated + redelivered === 0
      ? `${plural(processed, 'event')} processed once each`
      : `${repeated} repeated and ${redelivered} flagged as redelivery, as the guarantee allows`,
    counts,
  );
};

/** Repetitions on the wire: wasted traffic that a budget limits. */
export const wireDuplicates: Checker = (history, expectation) => {
  const view = viewOf(history, expectation);
  const budget = expectation.budget?.duplicatesOnWire;
  const offences: HistoryRecord[] = [];
  let events = 0;
  let repeated = 0;
  for (const subject of view.subjects) {
    const { seen, repeats, count } = arrivals(view, subject);
    events += seen;
    repeated += count;
    if (budget !== undefined && count > budget) offences.push(...repeats);
  }
  const counts = { events, repeated };
  if (events === 0) return notApplied('no arrivals recorded', counts);
  if (offences.length > 0) {
    return fail(`${plural(repeated, 'repetition')} on the wire, budget ${budget}`, offences, counts);
  }
  if (budget === undefined) return notApplied(`${plural(repeated, 'repetition')}, no budget`, counts);
  return pass(`${plural(repeated, 'repetition')} on the wire, budget ${budget}`, counts);
};

interface Arrivals {
  readonly seen: number;
  readonly count: number;
  readonly repeats: readonly HistoryRecord[];
}

/** By the subject's own `delivered`; for subjects that cannot write those, by the bytes of its connections. */
function arrivals(view: View, subject: SubjectView): Arrivals {
  const delivered = subject.records.filter((r): r is Delivered => r.kind === 'delivered');
  if (delivered.length > 0) {
    const named = delivered.filter(({ id }) => id !== '');
    return repetitions(named.map((record) => ({ key: `${record.stream} ${record.id}`, record })));
  }
  const own = new Set(subject.requests.map((request) => request.connection));
  const decoded = decodeWire(view.records)
    .filter((connection) => own.has(connection.connection))
    .flatMap((connection) => connection.events)
    // Control frames repeat an id on purpose: they restate the cursor.
    .filter((event) => event.id !== undefined && event.id !== '' && !event.event?.startsWith('stream.'))
    .map((event) => ({ key: event.id ?? '', record: event.record }));
  return repetitions(decoded);
}

function repetitions(arrived: readonly { key: string; record: HistoryRecord }[]): Arrivals {
  const first = new Map<string, HistoryRecord>();
  const repeats: HistoryRecord[] = [];
  let count = 0;
  for (const { key, record } of arrived) {
    const before = first.get(key);
    if (!before) first.set(key, record);
    else {
      count++;
      repeats.push(before, record);
    }
  }
  return { seen: arrived.length, count, repeats };
}
