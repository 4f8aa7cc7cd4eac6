import type { HistoryRecord, Produced } from '../history/types.ts';
import type { Records } from './types.ts';

/**
 * Black-box truth: against an app that cannot be instrumented, an observer connects to the upstream without faults.
 * What it received stands in for `produced`; its own records are taken out, so that it is not judged.
 * @param sentinelType event type that ends the run, if there is one.
 */
export function withObservedTruth(history: Records, observer: string, sentinelType?: string): Records {
  const seen = new Set<string>();
  return history.flatMap((record): HistoryRecord[] => {
    if (!('subject' in record) || record.subject !== observer) return [record];
    if (record.kind !== 'delivered') return [];
    const key = `${record.stream} ${record.id}`;
    if (seen.has(key)) return [];
    seen.add(key);
    const produced: Produced = {
      at: record.at,
      kind: 'produced',
      stream: record.stream,
      id: record.id,
      type: record.type,
      digest: record.digest,
      ...(record.type === sentinelType ? { sentinel: true } : {}),
    };
    return [produced];
  });
}
