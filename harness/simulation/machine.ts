import type { VirtualClock } from '../../kit/testing/index.ts';

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
  cancel: () => void;
}

/**
 * The clock of one computer in the virtual world. Fits the clock ports of client and server. Its timers stand still
 * while the computer sleeps and fire late when it wakes; when it dies, none of them fires any more.
 */
export class Machine {
  readonly #world: VirtualClock;
  readonly #timers = new Set<Timer>();
  #wallOffsetMs = 0;
  #stoppedMs = 0;
  #asleepSince: number | null = null;
  #dead = false;

  constructor(world: VirtualClock) {
    this.#world = world;
  }

  get alive(): boolean {
    return !this.#dead;
  }

  now(): number {
    return this.#world.now() + this.#wallOffsetMs;
  }

  monotonic(): number {
    return this.#world.monotonic() - this.#stoppedMs;
  }

  setTimeout(callback: () => void, delayMs: number): () => void {
    if (this.#dead) return () => undefined;
    // No platform's timers know parts of a millisecond. Here one could be so small that time would stand still.
    const ms = delayMs > 0 ? Math.max(1, delayMs) : 0;
    const timer = { dueMs: this.monotonic() + ms, callback, cancel: () => undefined };
    this.#timers.add(timer);
    if (this.#asleepSince === null) this.#arm(timer);
    return () => {
      timer.cancel();
      this.#timers.delete(timer);
    };
  }

  /** Resolves after so long. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.setTimeout(resolve, ms);
    });
  }

  /** The wall clock is set. */
  jumpWall(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  sleep(): void {
    if (this.#asleepSince !== null) return;
    this.#asleepSince = this.#world.monotonic();
    for (const timer of this.#timers) timer.cancel();
  }

  /** @param clock whether the monotonic clock went on meanwhile. */
  wake(clock: 'runs' | 'stops'): void {
    if (this.#asleepSince === null) return;
    if (clock === 'stops') this.#stoppedMs += this.#world.monotonic() - this.#asleepSince;
    this.#asleepSince = null;
    // What became due meanwhile fires at once, in the order in which it would have.
    for (const timer of [...this.#timers].sort((a, b) => a.dueMs - b.dueMs)) this.#arm(timer);
  }

  /** Nothing runs here any more. */
  die(): void {
    this.#dead = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  #arm(timer: Timer): void {
    timer.cancel = this.#world.setTimeout(() => {
      this.#timers.delete(timer);
      timer.callback();
    }, timer.dueMs - this.monotonic());
  }
}
