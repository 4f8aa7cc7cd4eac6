import { connect } from 'node:net';
import type { HistoryRecord } from '../history/types.ts';
import { CLIENT_TAP } from './client-tap.ts';

/** Whether the kernel refuses a connection to this loopback port: the proof that a listener is gone. */
export function probeRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });
}

/** Bytes that passed the chosen taps towards the client up to `until` (default: all). */
export function wireBytes(
  records: readonly HistoryRecord[],
  tapped: (tap: string) => boolean,
  until = Number.POSITIVE_INFINITY,
): number {
  return downChunks(records, tapped).reduce((sum, { at, bytes }) => (at <= until ? sum + bytes : sum), 0);
}

/** Chunks that passed the chosen taps towards the client at or after `since`, as they were read. */
export function wireChunksSince(
  records: readonly HistoryRecord[],
  since: number,
  tapped: (tap: string) => boolean,
): number {
  return downChunks(records, tapped).filter(({ at }) => at >= since).length;
}

function downChunks(
  records: readonly HistoryRecord[],
  tapped: (tap: string) => boolean,
): { readonly at: number; readonly bytes: number }[] {
  return records.flatMap((record) =>
    record.kind === 'wire' && record.direction === 'down' && record.event === 'bytes' && tapped(record.tap)
      ? [{ at: record.at, bytes: record.bytes ?? 0 }]
      : [],
  );
}

/**
 * How long each event published at or after `since` took to the client tap, in milliseconds: measured between the
 * server's acknowledgement and the chunk that holds the event's `id:` line, so it does not rest on the subject's word. A
 * server that acknowledges nothing (an application that is not instrumented) published when the event left it.
 */
export function publicationDelays(records: readonly HistoryRecord[], since: number): number[] {
  const arrivals: { readonly text: string; readonly at: number }[] = [];
  const produced: { readonly id: string; readonly at: number }[] = [];
  const left: { readonly id: string; readonly at: number }[] = [];
  for (const record of records) {
    if (record.kind === 'wire' && record.direction === 'down' && record.base64) {
      const text = Buffer.from(record.base64, 'base64').toString('latin1');
      if (record.tap === CLIENT_TAP) arrivals.push({ text, at: record.at });
      else if (record.at >= since) left.push(...idsIn(text).map((id) => ({ id, at: record.at })));
    } else if (record.kind === 'produced' && record.at >= since) {
      produced.push(record);
    }
  }
  return (produced.length > 0 ? produced : left).flatMap(({ id, at }) => {
    const arrival = arrivals.find(({ text }) => carriesId(text, id));
    return arrival ? [arrival.at - at] : [];
  });
}

function idsIn(text: string): readonly string[] {
  return [...text.matchAll(/^id: ?([^\r\n]+)/gm)].map(([, id = '']) => id);
}

/** Whether bytes hold the `id:` line of an event. The space after the colon and the line end are the server's choice. */
export function carriesId(text: string, id: string): boolean {
  return [`id: ${id}\n`, `id:${id}\n`, `id: ${id}\r`, `id:${id}\r`].some((line) => text.includes(line));
}

/** Connections that the client's side ended while the other side had not. */
export function clientHangups(records: readonly HistoryRecord[]): number {
  const ended = new Set<string>();
  let hangups = 0;
  for (const record of records) {
    if (record.kind !== 'wire' || record.tap !== CLIENT_TAP || record.event === 'bytes') continue;
    if (record.direction === 'up' && !ended.has(record.connection)) hangups++;
    ended.add(record.connection);
  }
  return hangups;
}

/** Tapped connections of which neither direction has ended. */
export function openConnections(records: readonly HistoryRecord[]): number {
  const open = new Set<string>();
  for (const record of records) {
    if (record.kind !== 'wire') continue;
    const key = `${record.tap} ${record.connection}`;
    if (record.event === 'bytes') open.add(key);
  }
  for (const record of records) {
    if (record.kind === 'wire' && record.event !== 'bytes') open.delete(`${record.tap} ${record.connection}`);
  }
  return open.size;
}
