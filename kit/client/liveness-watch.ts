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
/** In the place of a look: nothing has to be watched until the server names a cadence. */
const NEVER = (): void => undefined;

/**
 * One timer, set again only when it fires: bytes do not touch it.
 * @param dead called once, with the cause that can be proven.
 */
export function watchLiveness(
  policy: LivenessPolicy,
  clock: Clock,
  dead: (cause: LivenessCause, silentMs: number) => void,
): LivenessWatch {
  let openedAt = -1;
  let lastByteAt = 0;
  let lastFrameAt = -1;
  let cadenceMs = 0;
  let speaksFirst = false;
  let reading = false;
  let sawFrame = false;
  /** Cancels the next look; `null` when none is due: the next read makes one. */
  let cancel: (() => void) | null = null;
  /** By how much that look is late. */
  let lateMs = (): number => 0;
  /** What the connection dies of when the next look still finds nothing new. */
  let suspected: LivenessCause | null = null;

  const arm = (ms: number): void => {
    cancel?.();
    // Some machines stop the monotonic clock while they sleep, so it asks the wall clock as well.
    const due = clock.monotonic() + ms;
    const wallDue = clock.now() + ms;
    lateMs = () => Math.max(clock.monotonic() - due, clock.now() - wallDue);
    if (ms === Number.POSITIVE_INFINITY) cancel = NEVER;
    else {
      cancel = clock.setTimeout(() => {
        cancel = null;
        look(lateMs());
      }, ms);
    }
  };
  /** @param late by how much it is. */
  const look = (late: number): void => {
    if (!reading) return;
    const now = clock.monotonic();
    if (suspected) {
      dead(suspected, now - lastByteAt);
      return;
    }
    const state = { openedAt, lastByteAt, lastFrameAt, cadenceMs, speaksFirst };
    const verdict = judgeLiveness(policy, state, now);
    // After a sleep, what came meanwhile gets a moment to be read, unless something was just now. With less, the
    // process stood still, and bytes that came in that time wait in the socket: they get the same moment before a verdict.
    if (late > SLEEP_MS && lastByteAt < now) suspect('sleep');
    else if (verdict.cause === null) arm(verdict.checkInMs);
    else if (late > LATE_MS) suspect(verdict.cause);
    else dead(verdict.cause, verdict.silentMs);
  };
  const suspect = (cause: LivenessCause): void => {
    suspected = cause;
    arm(WAKE_PROBE_MS);
  };

  return {
    start(ms, first) {
      cadenceMs = ms;
      speaksFirst = first;
    },
    cadence(ms) {
      cadenceMs = ms;
      cancel?.();
      cancel = null;
    },
    resume() {
      reading = true;
      // Nothing to watch for: then reads cost no look at the clock.
      if (cancel === NEVER) return;
      // Bytes came just now, except before the first read; time spent in handlers since then was nobody's silence.
      lastByteAt = clock.monotonic();
      suspected = null;
      if (openedAt < 0) openedAt = lastByteAt;
      if (sawFrame) lastFrameAt = lastByteAt;
      sawFrame = false;
      if (!cancel) look(0);
    },
    pause() {
      reading = false;
    },
    frame() {
      sawFrame = true;
    },
    check(doubt) {
      if (suspected) return;
      if (!doubt) look(lateMs());
      else if (reading && cadenceMs > 0) suspect('sleep');
    },
    stop() {
      reading = false;
      cancel?.();
    },
  };
}
