/** Time as the toxics see it; tests pass a virtual one. */
export interface Clock {
  /** Milliseconds, monotonic. */
  now(): number;
  /** Calls back once, after `ms`; the returned function cancels. */
  after(ms: number, callback: () => void): () => void;
}

/** Delays below Node's timer resolution of 1 ms pass at the next turn of the event loop. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, callback) => {
    if (ms < 1) {
      const immediate = setImmediate(callback);
      return () => clearImmediate(immediate);
    }
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
