interface Timer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** No program that ends sets so many timers that fire at one moment. */
const MOST_AT_ONCE = 100_000;

/**
 * Time that stands still until a test moves it. Fits the clock ports of `kit/client` and `kit/server` by shape.
 *
 * `advance` fires timers in order of their due time (ties: order of creation) and lets promise callbacks run between
 * them, so that code which awaits and then sets a new timer behaves as it does in real time.
 */
export class VirtualClock {
  #wallMs: number;
  #elapsedMs = 0;
  #order = 0;
  /** Timers that fired at this moment. */
  #fired = 0;
  readonly #timers = new Set<Timer>();
  readonly #settle: () => Promise<void>;

  /**
   * @param startUnixMs what `now()` says at first; default 2026-01-01T00:00:00Z.
   * @param settle lets everything that promises have made ready run; default a way that works in every runtime. Node's
   * `setImmediate` is faster.
   */
  constructor(startUnixMs = Date.UTC(2026, 0, 1), settle: () => Promise<void> = macrotask) {
    this.#wallMs = startUnixMs;
    this.#settle = settle;
  }

  /** Wall clock, unix milliseconds. */
  now(): number {
    return this.#wallMs;
  }

  /** Milliseconds since the clock was made; unaffected by `jumpWall`. */
  monotonic(): number {
    return this.#elapsedMs;
  }

  /** Calls back once after `delayMs` of virtual time. Returns a function that cancels. */
  setTimeout(callback: () => void, delayMs: number): () => void {
    const timer = { at: this.#elapsedMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Number of timers that wait: 0 after a clean close. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Milliseconds until the next timer is due; `null` when none waits. */
  get nextInMs(): number | null {
    const next = this.#next();
    return next ? next.at - this.#elapsedMs : null;
  }

  /**
   * Moves time on by `ms`, firing what becomes due, and settles promises before, between and after.
   * @throws Error when 100,000 timers fired at one moment: time would stand still for ever.
   */
  async advance(ms: number): Promise<void> {
    const until = this.#elapsedMs + ms;
    await this.#settle();
    for (let next = this.#next(); next && next.at <= until; next = this.#next()) {
      this.#moveTo(next.at);
      if (++this.#fired > MOST_AT_ONCE) throw new Error(`time stands still at ${this.#elapsedMs} ms`);
      this.#timers.delete(next);
      next.callback();
      await this.#settle();
    }
    this.#moveTo(until);
  }

  /**
   * Sets the wall clock forward (or back, when negative) without moving timers: what NTP, or a laptop's sleep as seen
   * by timers that pause, does.
   */
  jumpWall(ms: number): void {
    this.#wallMs += ms;
  }

  /**
   * A sleep of the machine: wall and monotonic time move at once, and every timer that became due fires late, together,
   * in order.
   */
  async sleep(ms: number): Promise<void> {
    this.#moveTo(this.#elapsedMs + ms);
    await this.advance(0);
  }

  #moveTo(elapsedMs: number): void {
    if (elapsedMs <= this.#elapsedMs) return;
    this.#wallMs += elapsedMs - this.#elapsedMs;
    this.#elapsedMs = elapsedMs;
    this.#fired = 0;
  }

  #next(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order))
        first = timer;
    }
    return first;
  }
}

/** A macrotask comes after everything that promises have made ready. */
function macrotask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
