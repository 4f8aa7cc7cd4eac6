import { createMemoryLog } from '../memory-log.ts';
import type { LogHost, ReplayLog } from '../replay-log.ts';

/** A shared log as seen from one instance: every operation takes a while, and its data can be lost under it. */
export interface SlowLog extends ReplayLog {
  /** The store came back empty: another epoch. */
  loseEverything(): void;
  /** Reads reject until it is called with false. */
  failReads(failing: boolean): void;
}

/** Makes a slow log over memory. `pause` is awaited in each operation. */
export function createSlowLog(maxEvents: number, pause: () => Promise<void>): SlowLog {
  let inner = createMemoryLog({ maxEvents });
  let host: LogHost | null = null;
  let failing = false;
  // Appends arrive in the order of the calls, as in a real store's connection.
  let appends: Promise<unknown> = Promise.resolve();
  return {
    async open(given) {
      await pause();
      host = given;
      await inner.open(given);
    },
    bounds: () => inner.bounds(),
    append(draft) {
      const append = appends.then(pause).then(() => inner.append(draft));
      appends = append.catch(() => undefined); // reported to the caller of this append; the next one goes on
      return append;
    },
    async read(after, limit) {
      await pause();
      if (failing) throw new Error('the store is away');
      const read = await inner.read(after, limit);
      await pause(); // the answer is on its way: it may be older than what the log holds by now
      return read;
    },
    refresh: () => pause(),
    end: () => inner.end(),
    close: () => inner.close(),
    loseEverything() {
      inner = createMemoryLog({ maxEvents });
      if (host) void inner.open(host);
      host?.advanced();
    },
    failReads(value) {
      failing = value;
    },
  };
}
