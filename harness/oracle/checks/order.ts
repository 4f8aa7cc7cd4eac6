import type { HistoryRecord, Processed } from '../../history/types.ts';
import { exactPlace } from '../owed.ts';
import { notApplied, plural, unless } from '../results.ts';
import type { Checker } from '../types.ts';
import { processedOn, subscriptions, viewOf } from '../view.ts';

/**
 * P3: per stream and subject, events are first processed in the order of production. Repetitions are the business of
 * `duplicates`, so only the first processing of each event counts.
 */
export const order: Checker = (history, expectation) => {
  const view = viewOf(history, expectation);
  const offences: HistoryRecord[] = [];
  let compared = 0;
  let late = 0;
  for (const [subject, stream] of subscriptions(view)) {
    const reported = new Set(
      subject.records.flatMap((r) => (r.kind === 'out-of-order' && r.stream === stream.name ? [r.id] : [])),
    );
    const seen = new Set<number>();
    let highest: { index: number; record: Processed } | null = null;
    for (const record of processedOn(subject, stream.name)) {
      const index = exactPlace(stream, record.id);
      if (index === null || seen.has(index)) continue;
      seen.add(index);
      compared++;
      if (highest === null || index > highest.index) {
        highest = { index, record };
        continue;
      }
      late++;
      if (expectation.order === 'reported' && reported.has(record.id)) continue;
      offences.push(highest.record, record);
    }
  }
  const counts = { compared, late };
  if (compared === 0) return notApplied('nothing was processed', counts);
  return unless(
    offences,
    {
      ok:
        late === 0 ? `${plural(compared, 'event')} in order` : `${plural(late, 'late event')}, each reported`,
      bad: `${plural(late, 'event')} processed after a later one, first ${idOf(offences[1])}`,
    },
    counts,
  );
};

function idOf(record: HistoryRecord | undefined): string {
  return record?.kind === 'processed' ? record.id : '?';
}
