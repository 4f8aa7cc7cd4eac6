import { digestData } from '../../history/digest.ts';
import type { HistoryRecord, Produced, Publishing } from '../../history/types.ts';
import { exactPlace } from '../owed.ts';
import { notApplied, plural, unless } from '../results.ts';
import type { Checker } from '../types.ts';
import { viewOf } from '../view.ts';
import { decodeWire } from '../wire.ts';

/**
 * Processed, but never produced. An event whose publication was attempted and never acknowledged is recovered: the
 * server was killed between the two. What was acknowledged has an id, and under another one it is made up.
 */
export const unexpected: Checker = (history, expectation) => {
  const view = viewOf(history, expectation);
  const produced = new Set<string>();
  const unacknowledged = new Map<string, number>();
  const count = ({ stream, digest }: Publishing | Produced, by: number) => {
    const key = `${stream} ${digest}`;
    unacknowledged.set(key, (unacknowledged.get(key) ?? 0) + by);
  };
  for (const record of view.records) {
    if (record.kind === 'publishing') count(record, 1);
    else if (record.kind === 'produced') {
      produced.add(`${record.stream} ${record.id}`);
      count(record, -1);
    }
  }
  const offences: HistoryRecord[] = [];
  let recovered = 0;
  let processed = 0;
  for (const subject of view.subjects) {
    for (const record of subject.records) {
      if (record.kind !== 'processed') continue;
      processed++;
      if (produced.has(`${record.stream} ${record.id}`)) continue;
      if ((unacknowledged.get(`${record.stream} ${record.digest}`) ?? 0) > 0) recovered++;
      else offences.push(record);
    }
  }
  const counts = { processed, unexpected: offences.length, recovered };
  if (processed === 0) return notApplied('nothing was processed', counts);
  return unless(
    offences,
    {
      ok: `${plural(processed, 'processed event')}, all produced (${recovered} recovered)`,
      bad: `${plural(offences.length, 'event')} processed that nobody produced, first ${idOf(offences[0])}`,
    },
    counts,
  );
};

/** Processed with another payload or type than was produced under that id. */
export const corruption: Checker = (history, expectation) => {
  const view = viewOf(history, expectation);
  const offences: HistoryRecord[] = [];
  let compared = 0;
  let corrupted = 0;
  for (const subject of view.subjects) {
    for (const record of subject.records) {
      if (record.kind !== 'processed' && record.kind !== 'delivered') continue;
      const stream = view.streams.get(record.stream);
      const index = stream?.place(record.id) ?? null;
      const original = index === null ? undefined : stream?.events[index];
      if (original?.id !== record.id) continue;
      compared++;
      if (original.digest === record.digest && original.type === record.type) continue;
      corrupted++;
      offences.push(original, record);
    }
  }
  const counts = { compared, corrupted };
  if (compared === 0) return notApplied('nothing to compare', counts);
  return unless(
    offences,
    {
      ok: `${plural(compared, 'event')} with the payload and type that were produced`,
      bad: `${plural(corrupted, 'event')} changed on the way, first ${idOf(offences[0])}`,
    },
    counts,
  );
};

/**
 * Delivered, but never whole on the wire: a partial event was dispatched, or one was made up. So was one that a subject
 * handled and that, by its own record of arrivals, never came.
 */
export const fabricated: Checker = (history, expectation) => {
  const view = viewOf(history, expectation);
  const counted = view.records.some(
    (r) => r.kind === 'wire' && r.event === 'bytes' && r.base64 === undefined,
  );
  if (counted) return notApplied('some bytes were counted, not kept');
  const whole = new Set<string>();
  const anonymous = new Set<string>();
  let decoded = 0;
  for (const connection of decodeWire(view.records)) {
    for (const event of connection.events) {
      decoded++;
      if (event.id) whole.add(event.id);
      else anonymous.add(digestData(event.data));
    }
  }
  if (decoded === 0) return notApplied('no decodable bytes recorded', { decoded });
  const offences: HistoryRecord[] = [];
  for (const subject of view.subjects) {
    const arrived = new Set(
      subject.records.flatMap((r) => (r.kind === 'delivered' ? [`${r.stream} ${r.id}`] : [])),
    );
    for (const record of subject.records) {
      if (record.kind === 'processed' && arrived.size > 0 && !arrived.has(`${record.stream} ${record.id}`)) {
        const stream = view.streams.get(record.stream);
        // One that nobody produced is the business of `unexpected`.
        if (stream && exactPlace(stream, record.id) !== null) offences.push(record);
      }
      if (record.kind !== 'delivered') continue;
      // An event without an id can only be told by what it says.
      const passed = record.id === '' ? anonymous.has(record.digest) : whole.has(record.id);
      if (!passed) offences.push(record);
    }
  }
  return unless(
    offences,
    {
      ok: `every delivered event passed the tap whole (${decoded} decoded)`,
      bad: `${plural(offences.length, 'event')} never arrived whole, first ${idOf(offences[0])}`,
    },
    { decoded, fabricated: offences.length },
  );
};

function idOf(record: HistoryRecord | undefined): string {
  return record && 'id' in record ? String(record.id) : '?';
}
