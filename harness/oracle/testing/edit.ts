import type { HistoryRecord } from '../../history/types.ts';
import type { Records } from '../types.ts';

type Kind = HistoryRecord['kind'];
type Of<K extends Kind> = Extract<HistoryRecord, { kind: K }>;
/** Picks records by kind and, optionally, by the value of some fields. */
export type Pick<K extends Kind> = { readonly kind: K } & Partial<Of<K>>;

/** Whether a record is of the kind and has the given fields. */
export function is<K extends Kind>(pick: Pick<K>): (record: HistoryRecord) => record is Of<K> {
  return (record): record is Of<K> =>
    Object.entries(pick).every(
      ([field, value]) => (record as unknown as Record<string, unknown>)[field] === value,
    );
}

/** The first record that matches. @throws Error when there is none: a case that mutates nothing proves nothing. */
export function find<K extends Kind>(history: Records, pick: Pick<K>): Of<K> {
  const found = history.find(is(pick));
  if (!found) throw new Error(`no record ${JSON.stringify(pick)} in the history`);
  return found;
}

/** Without every record that matches. @throws Error when nothing matches. */
export function without<K extends Kind>(history: Records, ...picks: readonly Pick<K>[]): Records {
  for (const pick of picks) find(history, pick);
  return history.filter((record) => !picks.some((pick) => is(pick)(record)));
}

/** With the fields of each matching record changed. @throws Error when nothing matches. */
export function changed<K extends Kind>(history: Records, pick: Pick<K>, change: Partial<Of<K>>): Records {
  find(history, pick);
  return history.map((record) => (is(pick)(record) ? { ...record, ...change } : record));
}

/** With more records, at their times. */
export function plus(history: Records, ...more: readonly HistoryRecord[]): Records {
  return [...history, ...more].sort((a, b) => a.at - b.at);
}

/** Everything at or after `from` happens `byMs` later. */
export function delayed(history: Records, from: number, byMs: number): Records {
  return history.map((record) => (record.at >= from ? { ...record, at: record.at + byMs } : record));
}
