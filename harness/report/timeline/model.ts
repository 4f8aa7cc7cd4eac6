import type { HistoryRecord } from '../../history/types.ts';
import type { Records, Verdict } from '../../oracle/types.ts';

/** What a mark stands for; names its colour and its shape. */
export type MarkKind =
  | 'produced'
  | 'sentinel'
  | 'fault'
  | 'bytes'
  | 'fin'
  | 'rst'
  | 'connection'
  | 'request'
  | 'retry'
  | 'liveness'
  | 'give-up'
  | 'processed'
  | 'redelivery'
  | 'deduped'
  | 'announced'
  | 'late'
  | 'dead-letter'
  | 'heartbeat'
  | 'offence';

/** `[from, to, kind, count, text]`; times in milliseconds after the start, `to` equal to `from` for a moment. */
export type Mark = readonly [number, number, MarkKind, number, string];

/** One horizontal lane of the picture. */
export interface Lane {
  readonly label: string;
  readonly marks: readonly Mark[];
}

/** A history reduced to what a picture can show. */
export interface TimelineModel {
  /** Unix ms of the first record. */
  readonly startsAt: number;
  readonly durationMs: number;
  readonly lanes: readonly Lane[];
  /** How many subjects were left out. */
  readonly hiddenSubjects: number;
}

/** Most subjects drawn; those with offences come first. */
const MAX_SUBJECTS = 8;
/** Most marks of one kind in a lane; beyond it they are binned. */
const MAX_MARKS = 600;

/** Reduces a history to lanes: server, network, wire, two per subject, and the offending records on top of them. */
export function timelineOf(history: Records, verdict?: Verdict): TimelineModel {
  const records = history.toSorted((a, b) => a.at - b.at);
  // Launching a browser takes seconds in which nothing is drawn: the picture starts where something happens.
  const startsAt = (records.find(isDrawn) ?? records[0])?.at ?? 0;
  const durationMs = Math.max(1, (records.at(-1)?.at ?? 0) - startsAt);
  const offences = verdict ? verdict.failed.flatMap((name) => verdict.checks[name]?.evidence ?? []) : [];
  // Opens and closes are evidence for a reader, but what offends is what happened between them.
  const guilty = offences.filter((r) => r.kind !== 'open' && r.kind !== 'close');
  const framed = guilty.length > 0 ? guilty : offences;
  const subjects = subjectsOf(records, offences);
  const shown = subjects.slice(0, MAX_SUBJECTS);
  const lane = (label: string, marks: readonly Mark[]): Lane => ({ label, marks: thin(marks, durationMs) });
  const point = (record: HistoryRecord, kind: MarkKind, text: string): Mark => {
    const at = round(record.at - startsAt);
    return [at, at, kind, 1, text];
  };
  const marksOf = (wanted: Records) => wanted.flatMap((record) => markOf(record, point));
  const lanes: Lane[] = [
    lane('server', marksOf(records.filter((r) => r.kind === 'produced'))),
    lane('network', faultBands(records, startsAt, durationMs)),
    lane('wire', marksOf(records.filter((r) => r.kind === 'wire'))),
    ...shown.flatMap((name) => {
      const own = records.filter((r) => 'subject' in r && r.subject === name);
      const offending = framed.filter((r) => 'subject' in r && r.subject === name);
      const life = new Set<string>(['request', 'retry', 'liveness', 'give-up']);
      return [
        lane(name, [
          ...lifetimes(own, startsAt, durationMs),
          ...marksOf(own.filter((r) => life.has(r.kind))),
        ]),
        lane('', [
          ...marksOf(own.filter((r) => !life.has(r.kind))),
          ...offending.map((r) => point(r, 'offence', `offending: ${r.kind}`)),
        ]),
      ];
    }),
  ];
  const served = offences
    .filter((r) => r.kind === 'produced')
    .map((r) => point(r, 'offence', 'offending: produced'));
  if (lanes[0]) lanes[0] = { label: lanes[0].label, marks: [...lanes[0].marks, ...served] };
  return {
    startsAt,
    durationMs: round(durationMs),
    lanes: lanes.filter((each) => each.marks.length > 0 || each.label !== 'wire'),
    hiddenSubjects: subjects.length - shown.length,
  };
}

function isDrawn(record: HistoryRecord): boolean {
  if (record.kind === 'fault') return record.phase === 'fired' || record.phase === 'healed';
  return (
    record.kind !== 'note' &&
    record.kind !== 'sample' &&
    record.kind !== 'state' &&
    record.kind !== 'publishing'
  );
}

function subjectsOf(records: Records, offences: Records): readonly string[] {
  const names = new Set<string>();
  for (const record of [...offences, ...records]) {
    if ('subject' in record && record.subject !== undefined) names.add(record.subject);
  }
  return [...names];
}

type Point = (record: HistoryRecord, kind: MarkKind, text: string) => Mark;

function markOf(record: HistoryRecord, point: Point): readonly Mark[] {
  switch (record.kind) {
    case 'produced':
      return [point(record, record.sentinel ? 'sentinel' : 'produced', `produced ${record.id}`)];
    case 'wire': {
      if (record.event !== 'bytes')
        return [point(record, record.event, `${record.event} ${record.connection}`)];
      return record.direction === 'down' ? [point(record, 'bytes', `${record.bytes ?? '?'} bytes`)] : [];
    }
    case 'request':
      return [point(record, 'request', `request, cursor ${record.lastEventId ?? 'none'}`)];
    case 'retry':
      return [
        point(
          record,
          'retry',
          `retry ${record.attempt} in ${Math.round(record.delayMs)} ms: ${record.cause}`,
        ),
      ];
    case 'liveness':
      return [point(record, 'liveness', `liveness failure: ${record.cause}`)];
    case 'give-up':
      return [point(record, 'give-up', `gave up: ${record.reason}`)];
    case 'processed':
      return [point(record, record.redelivery ? 'redelivery' : 'processed', `processed ${record.id}`)];
    case 'deduped':
      return [point(record, 'deduped', `duplicate dropped ${record.id}`)];
    case 'out-of-order':
      return [point(record, 'late', `out of order ${record.id}`)];
    case 'dead-letter':
      return [point(record, 'dead-letter', `dead letter ${record.id}: ${record.reason}`)];
    case 'announced':
      return [
        point(record, 'announced', `${record.what}: ${record.reason}, ${record.missed ?? 'unknown'} missed`),
      ];
    case 'heartbeat':
      return [point(record, 'heartbeat', `heartbeat, head ${record.head ?? '?'}`)];
    default:
      return [];
  }
}

/** A fault as a band from firing to healing; a planned fault that never fired is a moment, so that it is missed. */
function faultBands(records: Records, startsAt: number, durationMs: number): readonly Mark[] {
  const bands: Mark[] = [];
  const open = new Map<string, number>();
  const close = (fault: string, to: number) => {
    const from = open.get(fault);
    if (from === undefined) return;
    open.delete(fault);
    bands.push([from, to, 'fault', 1, fault]);
  };
  for (const record of records) {
    if (record.kind !== 'fault') continue;
    const at = round(record.at - startsAt);
    if (record.phase === 'fired') {
      close(record.fault, at);
      open.set(record.fault, at);
    } else if (record.phase === 'healed') close(record.fault, at);
  }
  // A fault without an end of its own (a cut) is drawn as a moment; one that lasts to the end would hide the rest.
  for (const fault of [...open.keys()])
    close(fault, Math.min(durationMs, (open.get(fault) ?? 0) + durationMs / 200));
  return bands;
}

function lifetimes(own: Records, startsAt: number, durationMs: number): readonly Mark[] {
  const bars: Mark[] = [];
  let from: number | null = null;
  let text = '';
  for (const record of own) {
    const at = round(record.at - startsAt);
    if (record.kind === 'open' && (record.status === undefined || record.status === 200)) {
      if (from !== null) bars.push([from, at, 'connection', 1, text]);
      from = at;
      text = `${record.connection ?? `connection ${record.attempt}`}${record.resume ? `, resume ${record.resume}` : ''}`;
    } else if (record.kind === 'close' && from !== null) {
      bars.push([from, at, 'connection', 1, `${text}, closed: ${record.cause}`]);
      from = null;
    }
  }
  if (from !== null) bars.push([from, durationMs, 'connection', 1, `${text}, open at the end`]);
  return bars;
}

/** Bins moments of a kind that are too many to tell apart, with their number; bands stay as they are. */
function thin(marks: readonly Mark[], durationMs: number): readonly Mark[] {
  const perKind = new Map<MarkKind, number>();
  for (const [, , kind] of marks) perKind.set(kind, (perKind.get(kind) ?? 0) + 1);
  const bins = new Map<string, Mark>();
  const kept: Mark[] = [];
  for (const mark of marks) {
    const [from, to, kind, count, text] = mark;
    if ((perKind.get(kind) ?? 0) <= MAX_MARKS) {
      kept.push(mark);
      continue;
    }
    const bin = Math.floor((from / durationMs) * MAX_MARKS);
    const key = `${kind} ${bin}`;
    const before = bins.get(key);
    if (!before) bins.set(key, [from, to, kind, count, text]);
    else bins.set(key, [before[0], Math.max(before[1], to), kind, before[3] + count, before[4]]);
  }
  return [...kept, ...bins.values()].sort((a, b) => a[0] - b[0]);
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
