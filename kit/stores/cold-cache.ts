import type { FrameBatch, ReadLimit } from '../server/replay-log.ts';

/**
 * A few batches that were read from a store lately. Clients that come back together ask for the same places: the first
 * pays for the others.
 */
export class ColdCache {
  readonly #batches = new Map<string, FrameBatch>();
  readonly #most: number;

  /** @param most batches held; each is as large as a read may be. */
  constructor(most = 32) {
    this.#most = most;
  }

  get(afterSeq: number, limit: ReadLimit): FrameBatch | undefined {
    return this.#batches.get(keyOf(afterSeq, limit));
  }

  set(afterSeq: number, limit: ReadLimit, batch: FrameBatch): void {
    const [oldest] = this.#batches.keys();
    if (this.#batches.size >= this.#most && oldest !== undefined) this.#batches.delete(oldest);
    this.#batches.set(keyOf(afterSeq, limit), batch);
  }

  clear(): void {
    this.#batches.clear();
  }
}

function keyOf(afterSeq: number, limit: ReadLimit): string {
  return `${afterSeq} ${limit.maxEvents} ${limit.maxBytes}`;
}
