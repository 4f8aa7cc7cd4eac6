import type { HistoryRecord } from '../history/types.ts';

/** Numbers of records by kind and subject. */
export interface Tally {
  /** How many records of this kind a subject has left so far. */
  count(kind: HistoryRecord['kind'], subject: string): number;
}

/**
 * Counts a growing history. Each record is looked at once, however often somebody asks: a wait asks at every record,
 * and a run of some thousand events would spend its time with counting otherwise.
 */
export function createTally(records: readonly HistoryRecord[]): Tally {
  const counts = new Map<string, number>();
  let counted = 0;
  return {
    count(kind, subject) {
      for (; counted < records.length; counted++) {
        const record = records[counted];
        if (!record || !('subject' in record)) continue;
        const key = `${record.kind} ${record.subject}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      return counts.get(`${kind} ${subject}`) ?? 0;
    },
  };
}
