import {
  type HistoryRecord,
  type Open,
  PLAYED,
  type Processed,
  type Produced,
  type Request,
} from '../history/types.ts';
import type { Expectation, Records } from './types.ts';

/** What was produced on one stream, in the order in which subscribers must see it. */
export interface StreamView {
  readonly name: string;
  readonly events: readonly Produced[];
  /**
   * Index of the event that an id names, -1 for the place before the first, `null` for an id that says nothing.
   * An id of the form `epoch.seq` that was not produced is a place between events of its epoch (a primed cursor is
   * often `epoch.0`).
   */
  place(id: string | null | undefined): number | null;
}

/** One subject: everything it saw, and the requests that are its own. */
export interface SubjectView {
  readonly name: string;
  /** In time order; records of equal time in the order of writing. */
  readonly records: Records;
  readonly streams: readonly string[];
  readonly requests: readonly Request[];
  /** When the subject closed for good, `null` while it may come back. */
  readonly closedAt: number | null;
}

/** A history made searchable. Built once per pair of history and expectation. */
export interface View {
  readonly records: Records;
  readonly streams: ReadonlyMap<string, StreamView>;
  readonly subjects: readonly SubjectView[];
  /** Time of the last record. */
  readonly endsAt: number;
  readonly slackMs: number;
}

// Twenty checkers ask for the same view of the same two values; both are immutable, so remembering is still pure.
const views = new WeakMap<Records, WeakMap<Expectation, View>>();

/** The view of a history under an expectation. */
export function viewOf(history: Records, expectation: Expectation): View {
  let byExpectation = views.get(history);
  if (!byExpectation) {
    byExpectation = new WeakMap();
    views.set(history, byExpectation);
  }
  let view = byExpectation.get(expectation);
  if (!view) {
    view = buildView(history, expectation);
    byExpectation.set(expectation, view);
  }
  return view;
}

const playedParts = new WeakMap<Records, Records>();

/**
 * The view of what was played, for checks of what a client did with its time. After the note {@link PLAYED} the harness
 * is busy with the client itself; a history without the note was played to its last record.
 */
export function playedViewOf(history: Records, expectation: Expectation): View {
  let played = playedParts.get(history);
  if (!played) {
    const end = history.findLast((record) => record.kind === 'note' && record.text === PLAYED);
    played = end ? history.filter(({ at }) => at <= end.at) : history;
    playedParts.set(history, played);
  }
  return viewOf(played, expectation);
}

/** Whether an `open` record is a stream that really opened. */
export function isLive(open: Open): boolean {
  return open.status === undefined || open.status === 200;
}

/** The stream a record belongs to: its own word, else the only stream of the subject, else unknown. */
export function streamOf(record: { readonly stream?: string }, subject: SubjectView): string | null {
  if (record.stream !== undefined) return record.stream;
  return subject.streams.length === 1 ? (subject.streams[0] ?? null) : null;
}

/** What the subject processed on one stream, in order. */
export function processedOn(subject: SubjectView, stream: string): readonly Processed[] {
  return subject.records.filter((r): r is Processed => r.kind === 'processed' && r.stream === stream);
}

/** Pairs of each judged subject with each of its streams that has produced events. */
export function* subscriptions(view: View): Generator<readonly [SubjectView, StreamView]> {
  for (const subject of view.subjects) {
    for (const name of subject.streams) {
      const stream = view.streams.get(name);
      if (stream) yield [subject, stream];
    }
  }
}

function buildView(history: Records, expectation: Expectation): View {
  const records = history.toSorted((a, b) => a.at - b.at); // stable: equal times keep the order of writing
  const streams = buildStreams(records);
  const names = expectation.subjects ?? subjectNames(records);
  const seen = recordsBySubject(records);
  const requests = requestsBySubject(records, seen, names);
  const subjects = names.map((name): SubjectView => {
    const own = seen.get(name) ?? [];
    return {
      name,
      records: own,
      streams: expectation.streams?.[name] ?? streamsSeen(own, streams),
      requests: requests.get(name) ?? [],
      closedAt: closedForGood(own),
    };
  });
  return {
    records,
    streams,
    subjects,
    endsAt: records.at(-1)?.at ?? 0,
    slackMs: expectation.clockSlackMs ?? 5,
  };
}

function buildStreams(records: Records): Map<string, StreamView> {
  const events = new Map<string, Produced[]>();
  for (const record of records) {
    if (record.kind !== 'produced') continue;
    const list = events.get(record.stream);
    if (list) list.push(record);
    else events.set(record.stream, [record]);
  }
  return new Map([...events].map(([name, list]) => [name, buildStream(name, list)]));
}

function buildStream(name: string, acknowledged: readonly Produced[]): StreamView {
  const events = acknowledged.every((event) => event.order !== undefined)
    ? acknowledged.toSorted((a, b) => (a.order ?? 0) - (b.order ?? 0))
    : acknowledged;
  const index = new Map<string, number>();
  const epochs = new Map<string, { readonly seq: number; readonly index: number }[]>();
  events.forEach((event, i) => {
    if (!index.has(event.id)) index.set(event.id, i);
    const split = splitId(event.id);
    if (!split) return;
    const list = epochs.get(split.epoch);
    if (list) list.push({ seq: split.seq, index: i });
    else epochs.set(split.epoch, [{ seq: split.seq, index: i }]);
  });
  return {
    name,
    events,
    place(id) {
      if (id === null || id === undefined) return null;
      const known = index.get(id);
      if (known !== undefined) return known;
      const split = splitId(id);
      const epoch = split && epochs.get(split.epoch);
      if (!split || !epoch) return null;
      const before = epoch.findLast((entry) => entry.seq <= split.seq);
      return before ? before.index : (epoch[0]?.index ?? 0) - 1;
    },
  };
}

function splitId(id: string): { epoch: string; seq: number } | null {
  const match = /^(.+)\.(\d{1,16})$/.exec(id);
  return match?.[1] && match[2] ? { epoch: match[1], seq: Number(match[2]) } : null;
}

function subjectNames(records: Records): readonly string[] {
  const names = new Set<string>();
  for (const record of records) {
    if (record.kind === 'open' || record.kind === 'delivered' || record.kind === 'processed') {
      names.add(record.subject);
    }
  }
  return [...names];
}

function recordsBySubject(all: Records): ReadonlyMap<string, Records> {
  const seen = new Map<string, HistoryRecord[]>();
  for (const record of all) {
    if (record.kind === 'request' || !('subject' in record)) continue;
    const list = seen.get(record.subject);
    if (list) list.push(record);
    else seen.set(record.subject, [record]);
  }
  return seen;
}

/** A request names its subject, or its connection is one that a subject opened, or there is only one subject. */
function requestsBySubject(
  all: Records,
  seen: ReadonlyMap<string, Records>,
  names: readonly string[],
): ReadonlyMap<string, Request[]> {
  const owner = new Map<string, string>();
  for (const [name, records] of seen) {
    for (const record of records) {
      if (record.kind === 'open' && record.connection !== undefined) owner.set(record.connection, name);
    }
  }
  const requests = new Map<string, Request[]>();
  for (const record of all) {
    // A CORS preflight is no attempt.
    if (record.kind !== 'request' || (record.method !== 'GET' && record.method !== 'POST')) continue;
    const alone = names.length === 1 ? names[0] : undefined;
    const name = record.subject ?? owner.get(record.connection) ?? alone;
    if (name === undefined) continue;
    const list = requests.get(name);
    if (list) list.push(record);
    else requests.set(name, [record]);
  }
  return requests;
}

function streamsSeen(records: Records, streams: ReadonlyMap<string, StreamView>): readonly string[] {
  const seen = new Set<string>();
  for (const record of records) {
    if ('stream' in record && record.stream !== undefined) seen.add(record.stream);
  }
  return seen.size > 0 ? [...seen] : [...streams.keys()];
}

function closedForGood(records: Records): number | null {
  const last = records.findLast((r) => r.kind === 'open' || (r.kind === 'close' && r.final === true));
  return last?.kind === 'close' ? last.at : null;
}
