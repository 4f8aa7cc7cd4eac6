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

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isAmount: Check = (value) => typeof value === 'number' && value >= 0;
const isCount: Check = (value) => Number.isSafeInteger(value) && isAmount(value);

/** What a body must have, by the name of its frame. It may have more. */
const BODIES: Readonly<Partial<Record<string, Readonly<Record<string, Check>>>>> = {
  [STREAM_OPEN]: {
    stream: isText,
    epoch: (value) => isText(value) && isEpoch(value as string),
    head: isCount,
    oldest: isCount,
    resume: (value) => value === 'fresh' || value === 'ok' || value === 'gap',
    heartbeatMs: isAmount,
    connection: isText,
    protocol: isCount,
  },
  [STREAM_CANNOT_RESUME]: {
    reason: isText,
    requested: (value) => value === null || isText(value),
    from: isText,
    missed: (value) => value === null || isCount(value),
  },
  [STREAM_DRAIN]: { reason: isText },
  [STREAM_END]: {},
};

/**
 * Reads a control frame. A name this version does not know, or a body that does not fit, comes back as `unknown`:
 * a newer server must not break an older client.
 */
export function parseControl(name: string, data: string): ControlFrame {
  try {
    // Nothing but an object begins so.
    if (isControlType(name) && BODIES[name] && /^\s*\{/.test(data)) {
      const body: Record<string, unknown> = JSON.parse(data);
      encodeURIComponent(body.stream as string); // throws for a name that no vector cursor can hold
      const fits = Object.entries(BODIES[name]).every(([field, check]) => check(body[field]));
      if (fits) return { type: name, body } as unknown as ControlFrame;
    }
  } catch {
    // Not JSON, or half of a surrogate pair in the name: the caller reports it as an unknown control frame, with its data.
  }
  return { type: 'unknown', name, data };
}

function cursorId(cursor: Position | string): string {
  return typeof cursor === 'string' ? cursor : formatPosition(cursor);
}

function retry(retryMs: number | undefined): { retryMs?: number } {
  return retryMs === undefined ? {} : { retryMs };
}
