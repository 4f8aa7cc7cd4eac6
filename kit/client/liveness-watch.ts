import type { LivenessCause } from './core/failure.ts';
import { judgeLiveness, type LivenessPolicy, slept, WAKE_PROBE_MS } from './core/liveness.ts';
import type { Clock } from './ports.ts';

/** Watches one connection. It looks only while the client waits for bytes: a busy handler is not a dead server. */
export interface LivenessWatch {
  /** The head of the response came. */
  start(cadenceMs: number, speaksFirst: boolean): void;
  /** The server said how long it will be silent at most. */
  cadence(ms: number): void;
  /** A read begins. */
  resume(): void;
  /** A read ended, with bytes. */
  pause(): void;
  /** A whole frame came. */
  frame(): void;
  /** The machine or the page may have slept. */
  check(): void;
  stop(): void;
}

/** A timer that fires so much late says that this process stood still, in milliseconds. */
const LATE_MS = 100;

/**
 * One timer, set again only when it fires: bytes do not touch it.
 * @param dead called once, with the cause that can be proven.
 */
export function watchLiveness(
  policy: LivenessPolicy,
  clock: Clock,
  dead: (cause: LivenessCause, silentMs: number) => void,
): LivenessWatch {
  let state = { openedAt: 0, lastByteAt: 0, lastFrameAt: -1, cadenceMs: 0, speaksFirst: false };
  let reading = false;
  let resumed = false;
  let sawFrame = false;
  let cancel: (() => void) | null = null;
  let probing = false;
  /** Nothing has to be watched until the server names a cadence: then reads cost no look at the clock. */
  let unlimited = false;

  const arm = (ms: number): void => {
    cancel?.();
    cancel = null;
    unlimited = ms === Number.POSITIVE_INFINITY;
    if (unlimited) return;
    const wall = clock.now();
    const from = clock.monotonic();
    cancel = clock.setTimeout(() => {
      cancel = null;
      // Some machines stop the monotonic clock while they sleep, so the wall clock is asked as well.
      const took = Math.max(clock.monotonic() - from, clock.now() - wall);
      look(slept(ms, took), took - ms > LATE_MS);
    }, ms);
  };
  /**
   * @param woke whether time was lost: then what came meanwhile gets a moment to be read.
   * @param late whether the timer fired late, too little for a sleep: the process stood still, and bytes that came in
   * that time wait in the socket, unread. They get the same moment before a verdict.
   */
  const look = (woke: boolean, late = false): void => {
    if (!reading) return;
    const now = clock.monotonic();
    if (woke) {
      probe();
      return;
    }
    const verdict = judgeLiveness(policy, state, now);
    if (verdict.alive) arm(verdict.checkInMs);
    else if (late) probe(verdict.cause);
    else dead(verdict.cause, verdict.silentMs);
  };
  const probe = (cause: LivenessCause = 'sleep'): void => {
    if (probing) return;
    probing = true;
    const since = clock.monotonic();
    const { lastByteAt } = state;
    cancel?.();
    cancel = clock.setTimeout(() => {
      cancel = null;
      probing = false;
      if (state.lastByteAt >= since || !reading) look(false);
      else dead(cause, clock.monotonic() - lastByteAt);
    }, WAKE_PROBE_MS);
  };

  return {
    start(cadenceMs, speaksFirst) {
      const now = clock.monotonic();
      unlimited = false;
      state = { openedAt: now, lastByteAt: now, lastFrameAt: -1, cadenceMs, speaksFirst };
    },
    cadence(ms) {
      state.cadenceMs = ms;
      unlimited = false;
      if (reading && !probing) look(false);
      else if (!probing) {
        cancel?.();
        cancel = null; // set again, with the new limit, by the next read
      }
    },
    resume() {
      reading = true;
      if (unlimited) return;
      if (resumed || sawFrame) {
        // Bytes came just now; time spent in handlers since then was nobody's silence.
        state.lastByteAt = clock.monotonic();
        if (sawFrame) state.lastFrameAt = state.lastByteAt;
        sawFrame = false;
      }
      resumed = true;
      if (!cancel) look(false);
    },
    pause() {
      reading = false;
    },
    frame() {
      sawFrame = true;
    },
    check() {
      if (reading && state.cadenceMs > 0) probe();
    },
    stop() {
      reading = false;
      cancel?.();
      cancel = null;
    },
  };
}
