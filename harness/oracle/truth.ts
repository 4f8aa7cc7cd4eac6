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

function keyOf({ stream, id, type, digest }: Delivered | Processed): string {
  return JSON.stringify([stream, id, type, digest]);
}
