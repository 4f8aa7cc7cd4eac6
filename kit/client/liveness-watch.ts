import type { LivenessCause } from './core/failure.ts';
import { judgeLiveness, type LivenessPolicy, SLEEP_MS, WAKE_PROBE_MS } from './core/liveness.ts';
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
  /** The machine or the page may have slept: time that was lost is noticed now. `doubt`: the network was gone. */
  check(doubt: boolean): void;
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
  /** By how much the timer is late. */
  let lateMs = (): number => 0;
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
    lateMs = () => Math.max(clock.monotonic() - from, clock.now() - wall) - ms;
    cancel = clock.setTimeout(() => {
      cancel = null;
      // Some machines stop the monotonic clock while they sleep, so it asks the wall clock as well.
      look(lateMs());
    }, ms);
  };
  /**
   * @param late by how much the timer is. After a sleep, what came meanwhile gets a moment to be read. With less, the
   * process stood still, and bytes that came in that time wait in the socket: they get the same moment before a verdict.
   */
  const look = (late = 0): void => {
    if (!reading) return;
    if (late > SLEEP_MS) {
      probe();
      return;
    }
    const verdict = judgeLiveness(policy, state, clock.monotonic());
    if (verdict.alive) arm(verdict.checkInMs);
    else if (late > LATE_MS) probe(verdict.cause);
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
      if (state.lastByteAt >= since || !reading) look();
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
      if (probing) return;
      if (reading) look();
      else {
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
      if (!cancel) look();
    },
    pause() {
      reading = false;
    },
    frame() {
      sawFrame = true;
    },
    check(doubt) {
      if (!doubt) {
        if (cancel && !probing) look(lateMs());
      } else if (reading && state.cadenceMs > 0) probe();
    },
    stop() {
      reading = false;
      cancel?.();
      cancel = null;
    },
  };
}
