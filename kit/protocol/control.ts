import { CONTROL_PREFIX, STREAM_CANNOT_RESUME, STREAM_DRAIN, STREAM_END, STREAM_OPEN } from './constants.ts';
import { encodeFrame } from './frame.ts';
import { formatPosition, isEpoch, type Position } from './position.ts';

/** How a connection's cursor was met: no cursor, continued exactly, or continued with an announced loss. */
export type ResumeOutcome = 'fresh' | 'ok' | 'gap';

/** Why a cursor could not be continued from. */
export type CannotResumeReason =
  | 'expired'
  | 'unknown'
  | 'epoch-changed'
  | 'malformed'
  | 'forbidden'
  | 'too-slow';

/** Why a server ends a response that could go on. */
export type DrainReason = 'shutdown' | 'max-age' | 'auth-expired';

/** Body of `stream.open`. Positions are `epoch.seq` strings. */
export interface StreamOpen {
  /** Name of the stream. */
  readonly stream: string;
  readonly epoch: string;
  /** Sequence of the newest event in the log; 0 when there is none. */
  readonly head: number;
  /** Sequence of the oldest event still in the log; `head + 1` when the log is empty. */
  readonly oldest: number;
  readonly resume: ResumeOutcome;
  /** Longest silence a healthy server leaves, in milliseconds; 0 when heartbeats are off. */
  readonly heartbeatMs: number;
  /** Id of this connection, the same in the server's logs. */
  readonly connection: string;
  readonly protocol: number;
}

/** Body of `stream.cannot-resume`: a loss, with its cause and, where it can be known, its size. */
export interface CannotResume {
  /** Which stream, on a response that carries several; absent otherwise. */
  readonly stream?: string;
  readonly reason: CannotResumeReason;
  /** The cursor as it was sent, shortened; `null` when a live connection fell off the log. */
  readonly requested: string | null;
  /** Position after which the stream goes on: the first event that follows is `from.seq + 1`. */
  readonly from: string;
  /** Number of events lost; `null` when it cannot be known (another epoch, foreign id). */
  readonly missed: number | null;
}

/** Body of `stream.drain`. */
export interface Drain {
  readonly reason: DrainReason;
}

/** A control frame as read from the wire. */
export type ControlFrame =
  | { readonly type: typeof STREAM_OPEN; readonly body: StreamOpen }
  | { readonly type: typeof STREAM_CANNOT_RESUME; readonly body: CannotResume }
  | { readonly type: typeof STREAM_DRAIN; readonly body: Drain }
  | { readonly type: typeof STREAM_END; readonly body: Readonly<Record<string, unknown>> }
  | { readonly type: 'unknown'; readonly name: string; readonly data: string };

/**
 * Encodes `stream.open` with the `id:` that primes the cursor: the head for a fresh subscription, the requested
 * position for a resume (a string: a vector cursor, already formatted). Without it a client cut before its first event would come back without a cursor.
 */
export function encodeStreamOpen(body: StreamOpen, cursor: Position | string, retryMs?: number): string {
  return encodeFrame({
    event: STREAM_OPEN,
    id: cursorId(cursor),
    data: JSON.stringify(body),
    ...retry(retryMs),
  });
}

/** Encodes `stream.cannot-resume` with an `id:` at the new position, so that the next reconnect does not repeat it. */
export function encodeCannotResume(body: CannotResume, cursor: Position | string): string {
  return encodeFrame({ event: STREAM_CANNOT_RESUME, id: cursorId(cursor), data: JSON.stringify(body) });
}

/** Encodes `stream.drain` with the `retry:` chosen for this connection, in milliseconds. */
export function encodeDrain(body: Drain, retryMs: number): string {
  return encodeFrame({ event: STREAM_DRAIN, data: JSON.stringify(body), retryMs });
}

/** Encodes `stream.end`. */
export function encodeStreamEnd(): string {
  return encodeFrame({ event: STREAM_END, data: '{}' });
}

/** Whether an event name belongs to the control plane and must not reach a domain handler. */
export function isControlType(type: string): boolean {
  return type.startsWith(CONTROL_PREFIX);
}

/**
 * Reads a control frame. A name this version does not know, or a body that does not fit, comes back as `unknown`:
 * a newer server must not break an older client.
 */
export function parseControl(name: string, data: string): ControlFrame {
  const body = parseObject(data);
  if (body) {
    if (name === STREAM_OPEN && isStreamOpen(body)) return { type: name, body };
    if (name === STREAM_CANNOT_RESUME && isCannotResume(body)) return { type: name, body };
    if (name === STREAM_DRAIN && typeof body.reason === 'string')
      return { type: name, body: body as unknown as Drain };
    if (name === STREAM_END) return { type: name, body };
  }
  return { type: 'unknown', name, data };
}

function cursorId(cursor: Position | string): string {
  return typeof cursor === 'string' ? cursor : formatPosition(cursor);
}

function retry(retryMs: number | undefined): { retryMs?: number } {
  return retryMs === undefined ? {} : { retryMs };
}

function parseObject(data: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(data);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    return value as Record<string, unknown>;
  } catch {
    return null; // reported by the caller as an unknown control frame, with its data
  }
}

function isStreamOpen(body: Record<string, unknown>): body is Record<string, unknown> & StreamOpen {
  return (
    typeof body.stream === 'string' &&
    typeof body.epoch === 'string' &&
    isEpoch(body.epoch) &&
    typeof body.connection === 'string' &&
    (body.resume === 'fresh' || body.resume === 'ok' || body.resume === 'gap') &&
    [body.head, body.oldest, body.protocol].every((n) => Number.isSafeInteger(n) && Number(n) >= 0) &&
    typeof body.heartbeatMs === 'number' &&
    body.heartbeatMs >= 0
  );
}

function isCannotResume(body: Record<string, unknown>): body is Record<string, unknown> & CannotResume {
  return (
    typeof body.reason === 'string' &&
    typeof body.from === 'string' &&
    (body.requested === null || typeof body.requested === 'string') &&
    (body.missed === null || (Number.isSafeInteger(body.missed) && Number(body.missed) >= 0))
  );
}
