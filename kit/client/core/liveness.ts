import type { LivenessCause } from './failure.ts';

/** What counts as alive, in milliseconds. */
export interface LivenessPolicy {
  /** Longest silence; `null` learns it from the server's `heartbeatMs`, and without one sets no deadline. */
  readonly timeoutMs: number | null;
  /** Added to a learned cadence: jitter of network and server. `null`: half the cadence, at least a second. */
  readonly graceMs: number | null;
  /** Longest wait for the first frame of a server that speaks this protocol. */
  readonly firstByteMs: number;
  /** Bytes without a whole frame for so many timeouts are a trickle, not life. */
  readonly trickleFactor: number;
}

/** What is known of one connection. Times on a monotonic clock. */
export interface LivenessState {
  readonly openedAt: number;
  readonly lastByteAt: number;
  /** When the last whole frame (event, comment) came; -1 while none did. */
  readonly lastFrameAt: number;
  /** Longest silence the server promises to leave; 0 when unknown. */
  readonly cadenceMs: number;
  /** Whether the server is known to send a frame at once. */
  readonly speaksFirst: boolean;
}

/** When to look again, or what is wrong. */
export type LivenessVerdict =
  | { readonly cause: null; readonly checkInMs: number }
  | { readonly cause: LivenessCause; readonly silentMs: number };

/** Slack of timers: one that fires so much late was asleep. */
export const SLEEP_MS = 5000;
/** After a sleep, what came in the meantime is given so long to be read. */
export const WAKE_PROBE_MS = 1000;

/** Longest silence to accept; `Infinity` for any. */
export function silenceLimitMs(policy: LivenessPolicy, cadenceMs: number): number {
  if (policy.timeoutMs !== null) return policy.timeoutMs + (policy.graceMs ?? 0);
  if (cadenceMs <= 0) return Number.POSITIVE_INFINITY;
  return cadenceMs + (policy.graceMs ?? Math.max(1000, cadenceMs / 2));
}

/** Judges a connection at `now`. */
export function judgeLiveness(policy: LivenessPolicy, state: LivenessState, now: number): LivenessVerdict {
  const { openedAt, lastByteAt, lastFrameAt, cadenceMs, speaksFirst } = state;
  const limitMs = silenceLimitMs(policy, cadenceMs);
  const noFrame = lastFrameAt < 0;
  const silences: ReadonlyArray<[cause: LivenessCause, since: number, limitMs: number]> = [
    ['slow-first-byte', openedAt, noFrame && speaksFirst ? policy.firstByteMs : Number.POSITIVE_INFINITY],
    [noFrame && lastByteAt === openedAt ? 'slow-first-byte' : 'no-bytes', lastByteAt, limitMs],
    ['trickle', noFrame ? openedAt : lastFrameAt, limitMs * policy.trickleFactor],
  ];
  let checkInMs = Number.POSITIVE_INFINITY;
  for (const [cause, since, limit] of silences) {
    const silentMs = now - since;
    if (silentMs >= limit) return { cause, silentMs };
    checkInMs = Math.min(checkInMs, limit - silentMs);
  }
  return { cause: null, checkInMs };
}

/**
 * What a heartbeat proves. It is written in stream order, so a head beyond what was seen means that events were
 * dropped on the way: the tail of a busy interval, or everything of a silent one.
 * @param head sequence of the head the heartbeat names.
 * @param seen last sequence the client saw; -1 when that is not known.
 * @param eventsSince whether an event came on this connection since the heartbeat before (or since it opened).
 */
export function judgeHeartbeat(head: number, seen: number, eventsSince: boolean): LivenessCause | null {
  if (seen < 0 || head <= seen) return null;
  return eventsSince ? 'tail-loss' : 'silent-but-heartbeating';
}
