import { STREAM_HEARTBEAT } from './constants.ts';
import { encodeComment, encodeFrame } from './frame.ts';
import { formatPosition, type Position, parsePosition } from './position.ts';
import { parseVector, type VectorEntry } from './vector-cursor.ts';

/**
 * What a heartbeat says: the head of the log when it was written, and when that was (unix ms, server clock).
 * It is written in stream order, so a client whose last seen position is behind `head` has lost the tail.
 */
export interface Heartbeat {
  readonly head: Position;
  /** The head of each stream, on a response that carries several; `head` is then that of the first. */
  readonly heads?: readonly VectorEntry[] | undefined;
  readonly unixMs: number;
}

const HEARTBEAT = /^hb (\S+) ([0-9]{1,16})$/;

/**
 * Encodes a heartbeat as the comment `: hb <head> <unix ms>`. It never carries an `id:`. Fractions of a millisecond,
 * as high-resolution clocks give them, are cut off.
 */
export function encodeHeartbeat(heartbeat: Heartbeat): string {
  return encodeComment(`hb ${formatPosition(heartbeat.head)} ${Math.trunc(heartbeat.unixMs)}`);
}

/** Encodes a heartbeat as a `stream.heartbeat` event, which a native EventSource can observe. No `id:` either. */
export function encodeHeartbeatEvent(heartbeat: Heartbeat): string {
  return encodeFrame({
    event: STREAM_HEARTBEAT,
    data: JSON.stringify({ head: formatPosition(heartbeat.head), unixMs: Math.trunc(heartbeat.unixMs) }),
  });
}

/** Reads the text of a comment, as a parser hands it over; `null` when it is not one of our heartbeats. */
export function parseHeartbeat(comment: string): Heartbeat | null {
  const [, text = '', time] = HEARTBEAT.exec(comment.trim()) ?? [];
  const unixMs = Number(time);
  const head = parsePosition(text);
  if (head) return { head, unixMs };
  const heads = parseVector(text);
  return heads && { head: heads[0].position, heads, unixMs };
}

/** Reads the data of a `stream.heartbeat` event; `null` when it is malformed. */
export function parseHeartbeatEvent(data: string): Heartbeat | null {
  return parseHeartbeat(heartbeatComment(data));
}

/** The comment that says the same as the data of a `stream.heartbeat` event; an empty one when it is malformed. */
export function heartbeatComment(data: string): string {
  try {
    const { head, unixMs } = JSON.parse(data) as Record<string, unknown>;
    // The caller reports it as an unknown control frame.
    return typeof head === 'string' && Number.isSafeInteger(unixMs) ? `hb ${head} ${unixMs}` : '';
  } catch {
    return '';
  }
}
