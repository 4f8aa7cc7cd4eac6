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
  | { readonly alive: true; readonly checkInMs: number }
  | { readonly alive: false; readonly cause: LivenessCause; readonly silentMs: number };

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
  const limit = silenceLimitMs(policy, cadenceMs);
  const noFrame = lastFrameAt < 0;
  const first = noFrame && speaksFirst ? openedAt + policy.firstByteMs : Number.POSITIVE_INFINITY;
  const silent = lastByteAt + limit;
  const trickle = (noFrame ? openedAt : lastFrameAt) + limit * policy.trickleFactor;
  if (now >= first) return { alive: false, cause: 'slow-first-byte', silentMs: now - openedAt };
  if (now >= silent) {
    const cause = noFrame && lastByteAt === openedAt ? 'slow-first-byte' : 'no-bytes';
    return { alive: false, cause, silentMs: now - lastByteAt };
  }
  if (now >= trickle)
    return { alive: false, cause: 'trickle', silentMs: now - (noFrame ? openedAt : lastFrameAt) };
  return { alive: true, checkInMs: Math.min(first, silent, trickle) - now };
}

/** Two heartbeats, and what came between them. */
export interface HeartbeatEvidence {
  /** Sequence of the head the heartbeat names. */
  readonly head: number;
  /** Last sequence the client saw. */
  readonly seen: number;
  /** Whether an event came on this connection since the heartbeat before (or since it opened). */
  readonly eventsSince: boolean;
}

/**
 * What a heartbeat proves. It is written in stream order, so a head beyond what was seen means that events were
 * dropped on the way: the tail of a busy interval, or everything of a silent one.
 */
export function judgeHeartbeat(evidence: HeartbeatEvidence): LivenessCause | null {
  if (evidence.head <= evidence.seen) return null;
  return evidence.eventsSince ? 'tail-loss' : 'silent-but-heartbeating';
}
