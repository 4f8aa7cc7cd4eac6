import type { HistoryRecord } from '../../history/types.ts';
import { exactPlace } from '../owed.ts';
import { fail, ms, notApplied, pass, plural, unless } from '../results.ts';
import { activity, connectedSpans, sleepWithin } from '../spans.ts';
import type { Checker, Expectation } from '../types.ts';
import { playedViewOf, streamOf, subscriptions } from '../view.ts';

/** P4: on an open connection, silence beyond the deadline ends in a close or a liveness failure in time. */
export const silence: Checker = (history, expectation) => {
  const limit = limitOf(expectation);
  if (limit === null) return notApplied('no deadline given');
  const view = playedViewOf(history, expectation);
  const offences: HistoryRecord[] = [];
  let longest = 0;
  let text = '';
  let open = 0;
  for (const subject of view.subjects) {
    for (const span of connectedSpans(subject, view.endsAt)) {
      open++;
      const times = [...activity(subject, span), { at: span.to, record: span.end }];
      let last: { at: number; record: HistoryRecord | null } = { at: span.from, record: span.start };
      for (const next of times) {
        const silentMs = next.at - last.at - sleepWithin(subject, last.at, next.at);
        if (silentMs > longest) longest = silentMs;
        if (silentMs > limit) {
          text ||= `${subject.name} was silent for ${ms(silentMs)} on an open connection, deadline ${ms(limit)}`;
          offences.push(...[last.record, next.record].filter((r) => r !== null));
        }
        last = next;
      }
    }
  }
  const counts = { longestSilenceMs: Math.round(longest), limitMs: limit };
  if (open === 0) return notApplied('no connection was open', counts);
  return unless(offences, { ok: `longest silence ${ms(longest)}, limit ${ms(limit)}`, bad: text }, counts);
};

/**
 * P4: heartbeats whose head runs ahead of what arrived prove a loss; a client must act on them within the deadline.
 */
export const blindHeartbeats: Checker = (history, expectation) => {
  const limit = limitOf(expectation);
  if (limit === null) return notApplied('no deadline given');
  const view = playedViewOf(history, expectation);
  const offences: HistoryRecord[] = [];
  let heads = 0;
  for (const [subject, stream] of subscriptions(view)) {
    // -1 is the place before the first event, where a primed cursor may stand; null, no place at all.
    let arrived: number | null = null;
    let ahead: { at: number; place: number; record: HistoryRecord } | null = null;
    for (const record of subject.records) {
      if (ahead && record.at - ahead.at - sleepWithin(subject, ahead.at, record.at) > limit) {
        offences.push(ahead.record, record);
        ahead = null;
      }
      if ((streamOf(record as { stream?: string }, subject) ?? stream.name) !== stream.name) continue;
      if (record.kind === 'delivered' || record.kind === 'processed') {
        arrived = furthest(arrived, exactPlace(stream, record.id));
        if (ahead && arrived !== null && arrived >= ahead.place) ahead = null;
      } else if (record.kind === 'open' || record.kind === 'announced') {
        const id = record.kind === 'open' ? (record.cursor ?? record.lastEventId) : record.from;
        arrived = furthest(arrived, stream.place(id));
        ahead = null;
      } else if (record.kind === 'close' || record.kind === 'liveness') {
        ahead = null;
      } else if (record.kind === 'heartbeat') {
        const place = stream.place(record.head);
        if (place === null) continue;
        heads++;
        // A client whose cursor was not primed and that never received anything has no place to compare with.
        if (arrived !== null && place > arrived && !ahead) ahead = { at: record.at, place, record };
      }
    }
  }
  if (heads === 0) return notApplied('no heartbeats with a head', { heads });
  return unless(
    offences,
    {
      ok: `${plural(heads, 'heartbeat')} with a head, none ignored`,
      bad: `a heartbeat's head ran ahead for more than ${ms(limit)} and nothing happened`,
    },
    { heads, ignored: offences.length / 2 },
  );
};

/** Liveness failures declared where they must be, and not where they must not. */
export const alarm: Checker = (history, expectation) => {
  const asked = expectation.silence?.alarm ?? 'allowed';
  const view = playedViewOf(history, expectation);
  const alarms = view.subjects.flatMap((s) => s.records.filter((r) => r.kind === 'liveness'));
  const counts = { alarms: alarms.length };
  if (asked === 'allowed') return notApplied(plural(alarms.length, 'liveness failure'), counts);
  if (asked === 'none') {
    const bad = `${plural(alarms.length, 'liveness failure')} declared although nothing was silent too long`;
    return unless(alarms, { ok: 'no false alarm', bad }, counts);
  }
  const deaf = view.subjects.filter((s) => !s.records.some((r) => r.kind === 'liveness'));
  if (deaf.length === 0) return pass(`${plural(alarms.length, 'liveness failure')} declared`, counts);
  const faults = view.records.filter((r) => r.kind === 'fault' && r.phase === 'fired');
  return fail(`no liveness failure declared by ${deaf.map((s) => s.name).join(', ')}`, faults, counts);
};

function furthest(before: number | null, place: number | null): number | null {
  return place === null ? before : Math.max(before ?? -1, place);
}

function limitOf(expectation: Expectation): number | null {
  const asked = expectation.silence;
  if (!asked) return null;
  return asked.deadlineMs + (asked.graceMs ?? 500 + asked.deadlineMs / 4);
}
