import type { Delivered, HistoryRecord, Processed } from '../history/types.ts';
import type { Records } from './types.ts';

/**
 * Black-box truth: against an app that cannot be instrumented, an observer connects to the upstream without faults.
 * What it received stands in for `produced`; its own records are taken out, so that it is not judged.
 *
 * An event without an id cannot be owed by name: it becomes a publication that nobody acknowledged. An EventSource says
 * the last id in its place, so what the observer saw without an id loses the id that such a client gave it.
 * @param sentinelType event type that ends the run, if there is one.
 */
export function withObservedTruth(history: Records, observer: string, sentinelType?: string): Records {
  const isObserved = (record: HistoryRecord): record is Delivered =>
    record.kind === 'delivered' && record.subject === observer;
  const observed = history.filter(isObserved);
  const named = new Set(observed.filter(({ id }) => id !== '').map(keyOf));
  const nameless = new Set(observed.filter(({ id }) => id === '').map(keyOf));
  const borrowed = (record: HistoryRecord): record is Delivered | Processed =>
    (record.kind === 'delivered' || record.kind === 'processed') &&
    !named.has(keyOf(record)) &&
    nameless.has(keyOf({ ...record, id: '' }));
  const seen = new Set<string>();
  return history.flatMap((record): HistoryRecord[] => {
    if (!('subject' in record) || record.subject !== observer) {
      return [borrowed(record) ? { ...record, id: '' } : record];
    }
    if (!isObserved(record)) return [];
    const { at, stream, id, type, digest } = record;
    if (id === '') return [{ at, kind: 'publishing', stream, type, digest }];
    const key = `${stream} ${id}`;
    if (seen.has(key)) return [];
    seen.add(key);
    const sentinel = type === sentinelType ? { sentinel: true } : {};
    return [{ at, kind: 'produced', stream, id, type, digest, ...sentinel }];
  });
}

/** An application goes on publishing while it is judged: what was sent since `from` and not overtaken is on its way. */
export function withoutTail(history: Records, from: number): Records {
  const arrived = new Set(history.flatMap((r) => (r.kind === 'processed' ? [`${r.stream} ${r.id}`] : [])));
  const overtaken = new Set<string>();
  return history
    .toReversed()
    .filter((r) => {
      if (r.kind !== 'produced' || overtaken.has(r.stream)) return true;
      if (r.at <= from || arrived.has(`${r.stream} ${r.id}`)) overtaken.add(r.stream);
      return overtaken.has(r.stream);
    })
    .reverse();
}

/**
 * Observer and subject subscribe at different times, and what was sent in between arrives here at any time: what the
 * observer had before the first event that came by the subject's first connection was sent before it subscribed. A
 * server that says where a subscription begins (`stream.open`) is taken at its word, and needs none of this.
 */
export function subscribedWithFirst(history: Records, subject: string): Records {
  const own = history.filter((r) => 'subject' in r && r.subject === subject);
  const opened = own.findIndex((r) => r.kind === 'open');
  const open = own[opened];
  if (open?.kind !== 'open' || open.cursor || open.lastEventId) return history;
  const closed = own.findIndex((r, index) => index > opened && r.kind === 'close');
  const first = own
    .slice(opened, closed === -1 ? own.length : closed)
    .find((r): r is Delivered => r.kind === 'delivered' && r.id !== '');
  if (!first) return history;
  const begins = history.findIndex(
    (r) => r.kind === 'produced' && r.stream === first.stream && r.id === first.id,
  );
  return history.map((r, index) =>
    r.kind === 'produced' && r.stream === first.stream && index < begins
      ? { ...r, at: Math.min(r.at, open.at) }
      : r,
  );
}

function keyOf({ stream, id, type, digest }: Delivered | Processed): string {
  return JSON.stringify([stream, id, type, digest]);
}
