import type { Fault, HistoryRecord } from '../history/types.ts';
import { accountOf } from './owed.ts';
import { activity, connectedSpans, type Span } from './spans.ts';
import type { Expectation } from './types.ts';
import { isLive, processedOn, type StreamView, type SubjectView, type View } from './view.ts';

/** A measured duration with the records it lies between; `tookMs` is null when the end never came. */
export interface Measure {
  readonly tookMs: number | null;
  /** How long it was waited for what never came, where the subject left in between. */
  readonly waitedMs?: number;
  readonly records: readonly HistoryRecord[];
}

/** One fault, or one loss of connection, as one subject lived through it. Parts that do not apply are null. */
export interface Episode {
  readonly subject: string;
  readonly detect: Measure | null;
  readonly reconnect: Measure | null;
  readonly heal: Measure | null;
  readonly catchUp: Measure | null;
}

// Four checks read the same episodes of the same view.
const known = new WeakMap<View, readonly Episode[]>();

/** All episodes of a run. Faults give `detect` and `heal`; every lost connection gives `reconnect` and `catchUp`. */
export function episodesOf(view: View, expectation: Expectation): readonly Episode[] {
  const before = known.get(view);
  if (before) return before;
  const faults = view.records.filter((r): r is Fault => r.kind === 'fault');
  const episodes = view.subjects.flatMap((subject) => {
    const spans = connectedSpans(subject, view.endsAt);
    return [
      ...faults.filter((f) => concerns(f, subject)).map((fault) => ofFault(view, subject, spans, fault)),
      ...ofConnections(view, subject, spans, expectation),
    ];
  });
  known.set(view, episodes);
  return episodes;
}

/** A fault may name its subject in its evidence; otherwise it concerns all. */
function concerns(fault: Fault, subject: SubjectView): boolean {
  const named = fault.evidence?.subject;
  return typeof named !== 'string' || named === subject.name;
}

function ofFault(view: View, subject: SubjectView, spans: readonly Span[], fault: Fault): Episode {
  const hit = spans.find((span) => span.from <= fault.at && span.to >= fault.at - view.slackMs);
  let detect: Measure | null = null;
  let heal: Measure | null = null;
  if (fault.phase === 'fired' && hit) {
    const end = isOrdinaryEnd(hit.end) ? null : hit.end;
    detect = {
      tookMs: end === null ? null : Math.max(0, end.at - fault.at),
      records: end === null ? [fault] : [fault, end],
    };
  }
  if (fault.phase === 'healed' && (subject.closedAt === null || subject.closedAt > fault.at)) {
    const sign = firstSign(subject, spans, fault.at);
    heal = {
      tookMs: sign ? sign.at - fault.at : null,
      records: sign ? [fault, sign.record] : [fault],
    };
  }
  return { subject: subject.name, detect, reconnect: null, heal, catchUp: null };
}

function firstSign(subject: SubjectView, spans: readonly Span[], from: number) {
  for (const span of spans) {
    if (span.to < from) continue;
    const [sign] = activity(subject, { ...span, from: Math.max(span.from, from) });
    if (sign) return sign;
  }
  return null;
}

/** The end of the run is not a noticing. */
function isOrdinaryEnd(record: HistoryRecord | null): boolean {
  return record?.kind === 'close' && record.final === true;
}

function ofConnections(
  view: View,
  subject: SubjectView,
  spans: readonly Span[],
  expectation: Expectation,
): readonly Episode[] {
  const episodes: Episode[] = [];
  spans.forEach((span, i) => {
    if (span.end === null || isOrdinaryEnd(span.end)) return;
    const gaveUp = subject.records.some((r) => r.kind === 'give-up' && r.at >= span.to);
    const next = spans[i + 1];
    if (!next && gaveUp) return;
    // Somebody who leaves need not come back, but must not sit there disconnected until then.
    const left = next || subject.closedAt === null ? {} : { waitedMs: subject.closedAt - span.to };
    episodes.push({
      subject: subject.name,
      detect: null,
      heal: null,
      reconnect: {
        tookMs: next ? next.from - span.to : null,
        ...left,
        records: next ? [span.end, next.start] : [span.end],
      },
      catchUp: next ? catchUpAfter(view, subject, next.start, expectation) : null,
    });
  });
  return episodes;
}

function catchUpAfter(
  view: View,
  subject: SubjectView,
  open: HistoryRecord,
  expectation: Expectation,
): Measure | null {
  if (open.kind !== 'open' || !isLive(open)) return null;
  let last: HistoryRecord | null = null;
  for (const name of subject.streams) {
    const stream = view.streams.get(name);
    if (!stream) continue;
    const account = accountOf(view, subject, stream, expectation);
    const before = stream.events.findLastIndex((event) => event.at <= open.at);
    for (const { record, place } of firstHandled(subject, stream)) {
      if (record.at < open.at || place > before || place < account.from) continue;
      if (last === null || record.at > last.at) last = record;
    }
  }
  return last === null
    ? { tookMs: 0, records: [open] }
    : { tookMs: last.at - open.at, records: [open, last] };
}

type Handled = { readonly record: HistoryRecord; readonly place: number };
const handledBy = new WeakMap<SubjectView, Map<StreamView, readonly Handled[]>>();

/** The first processing of each event. */
function firstHandled(subject: SubjectView, stream: StreamView): readonly Handled[] {
  const byStream = handledBy.get(subject) ?? new Map<StreamView, readonly Handled[]>();
  handledBy.set(subject, byStream);
  const before = byStream.get(stream);
  if (before) return before;
  const seen = new Set<number>();
  const handled: Handled[] = [];
  for (const record of processedOn(subject, stream.name)) {
    const place = stream.place(record.id);
    if (place === null || seen.has(place)) continue;
    seen.add(place);
    handled.push({ record, place });
  }
  byStream.set(stream, handled);
  return handled;
}
