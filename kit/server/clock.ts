/** Time as a port: everything in the kit that waits or dates takes one, so that tests run in virtual time. */
export interface Clock {
  /** Wall clock, unix milliseconds. May jump when the system's clock is set. */
  now(): number;
  /** Milliseconds from an arbitrary origin; never runs backwards. For durations. */
  monotonic(): number;
  /** Calls back once after `delayMs`. Returns a function that cancels. */
  setTimeout(callback: () => void, delayMs: number): () => void;
}

/**
 * The real clock. Globals are looked up when called, so that a test runner's fake timers apply too. Its timers do not
 * keep a Node process alive: sockets do that.
 */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout(callback, delayMs) {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
