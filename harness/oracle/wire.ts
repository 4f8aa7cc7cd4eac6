import { createParser } from 'eventsource-parser';
import type { HistoryRecord, Wire } from '../history/types.ts';
import { createHttpBodyReader } from './http.ts';
import type { Records } from './types.ts';

/** An event that passed a tap whole. */
export interface WireEvent {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: string;
  /** The record whose bytes completed it. */
  readonly record: HistoryRecord;
}

/** A frame with a position, in the order in which frames passed: an event, a control frame, or a heartbeat comment. */
export interface WireFrame {
  readonly kind: 'event' | 'control' | 'heartbeat';
  /** Its `id:`, or the position that a heartbeat names. */
  readonly id: string;
  readonly event: string | undefined;
  readonly data: string;
  readonly record: HistoryRecord;
}

/** What the bytes of one connection say, read without the kit. */
export interface WireConnection {
  readonly tap: string;
  readonly connection: string;
  /** Status of each response, in order. */
  readonly statuses: readonly number[];
  readonly events: readonly WireEvent[];
  readonly comments: readonly string[];
  /** Of the events and comments those that say a position. */
  readonly frames: readonly WireFrame[];
  /** Bytes downwards, recorded or only counted. */
  readonly bytesDown: number;
  /** How each direction ended, `null` while open. */
  readonly downEnd: 'fin' | 'rst' | null;
  readonly upEnd: 'fin' | 'rst' | null;
  /** Every request was answered to its end and none followed: kept for later by a client that may need it again. */
  readonly idle: boolean;
  /** Characters of an event that began and never ended. */
  readonly partial: boolean;
}

/** `: hb <position> <unix ms>`, without the colon. */
const HEARTBEAT = /^ ?hb (\S+) \d+$/;

const decoded = new WeakMap<Records, readonly WireConnection[]>();

/**
 * Decodes the `wire` records of a history, connection by connection: HTTP/1.1 framing by `http.ts`, events by
 * eventsource-parser. Connections whose bytes were only counted have no events, and those whose bytes are truncated have
 * the events until then.
 */
export function decodeWire(records: Records): readonly WireConnection[] {
  const known = decoded.get(records);
  if (known) return known;
  const connections = new Map<string, Wire[]>();
  for (const record of records) {
    if (record.kind !== 'wire') continue;
    const key = `${record.tap}\n${record.connection}`;
    const list = connections.get(key);
    if (list) list.push(record);
    else connections.set(key, [record]);
  }
  const result = [...connections.values()].map(decodeConnection);
  decoded.set(records, result);
  return result;
}

function decodeConnection(records: readonly Wire[]): WireConnection {
  const events: WireEvent[] = [];
  const comments: string[] = [];
  const frames: WireFrame[] = [];
  const statuses: number[] = [];
  let current: HistoryRecord | undefined;
  let bytesDown = 0;
  let tail = '';
  let sawBytes = false;
  let waitsForAnswer = false;
  let missing = false;
  const parser = createParser({
    onEvent: ({ id, event, data }) => {
      if (!current) return;
      events.push({ id, event, data, record: current });
      if (!id) return;
      const kind = event?.startsWith('stream.') ? 'control' : 'event';
      frames.push({ kind, id, event, data, record: current });
    },
    onComment: (comment) => {
      comments.push(comment);
      const [, id] = HEARTBEAT.exec(comment) ?? [];
      if (id && current) frames.push({ kind: 'heartbeat', id, event: undefined, data: '', record: current });
    },
  });
  let utf8 = new TextDecoder();
  const body = createHttpBodyReader({
    onResponse(status) {
      statuses.push(status);
      parser.reset();
      utf8 = new TextDecoder();
      tail = '';
    },
    onBody(bytes) {
      const text = utf8.decode(bytes, { stream: true });
      tail = (tail + text).slice(-4);
      parser.feed(text);
    },
  });
  const ends: { down: Wire['event'] | null; up: Wire['event'] | null } = { down: null, up: null };
  for (const record of records) {
    if (record.event !== 'bytes') {
      ends[record.direction] = record.event;
      continue;
    }
    waitsForAnswer = record.direction === 'up';
    if (waitsForAnswer) continue;
    const bytes = record.base64 === undefined ? null : Buffer.from(record.base64, 'base64');
    bytesDown += record.bytes ?? bytes?.length ?? 0;
    // What follows bytes that were not kept cannot be framed.
    missing ||= !bytes;
    if (!bytes || missing) continue;
    current = record;
    sawBytes = true;
    body.feed(bytes);
  }
  const first = records[0];
  return {
    tap: first?.tap ?? '',
    connection: first?.connection ?? '',
    statuses,
    events,
    comments,
    frames,
    bytesDown,
    downEnd: ending(ends.down),
    upEnd: ending(ends.up),
    idle: sawBytes && !missing && !waitsForAnswer && body.isBetweenResponses(),
    partial: sawBytes && !missing && tail !== '' && !/(\r\n|\n|\r)(\r\n|\n|\r)$/.test(tail),
  };
}

function ending(event: Wire['event'] | null): 'fin' | 'rst' | null {
  return event === 'bytes' ? null : event;
}
