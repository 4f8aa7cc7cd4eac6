import { Buffer } from 'node:buffer';
import type { LogRead, ReadLimit } from './replay-log.ts';

/** Bounds of a ring. Absent bounds do not apply. */
export interface RingLimits {
  /** Most events held. */
  readonly maxEvents?: number;
  /** Most bytes of frames held; one larger frame is still held alone. */
  readonly maxBytes?: number;
}

interface Entry {
  readonly slab: Buffer;
  readonly start: number;
  readonly end: number;
  readonly unixMs: number;
}

const SMALLEST_SLAB = 1024;
const LARGEST_SLAB = 65_536;
const SMALLEST_RING = 16;

/**
 * Encoded frames of consecutive sequences, in memory. Appending, dropping the oldest and finding a cursor take constant
 * time however many frames are held (`seq - oldest` is an index), and a run of frames is read without copying: frames
 * lie side by side in slabs, so that a read is a view of one slab.
 *
 * A slab that a reader still writes to its socket stays alive through the view; nothing is ever overwritten in it.
 */
export class FrameRing {
  readonly #maxEvents: number;
  readonly #maxBytes: number;
  #entries: (Entry | undefined)[] = new Array(SMALLEST_RING);
  /** Index of the oldest entry in `#entries`. */
  #first = 0;
  #size = 0;
  #oldest = 1;
  #bytes = 0;
  #slab: Buffer = Buffer.alloc(0);
  #used = 0;

  constructor(limits: RingLimits = {}) {
    this.#maxEvents = limits.maxEvents ?? Number.POSITIVE_INFINITY;
    this.#maxBytes = limits.maxBytes ?? Number.POSITIVE_INFINITY;
  }

  /** Sequence of the oldest frame held; `head + 1` when none is. */
  get oldest(): number {
    return this.#oldest;
  }

  /** Sequence of the newest frame that was appended. */
  get head(): number {
    return this.#oldest + this.#size - 1;
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes of the frames held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Publication time of the oldest frame, unix ms; `null` when empty. */
  get oldestUnixMs(): number | null {
    return this.#size === 0 ? null : this.#at(0).unixMs;
  }

  /** Forgets everything; the next frame appended has the sequence `head + 1`. */
  reset(head: number): void {
    this.#entries = new Array(SMALLEST_RING);
    this.#first = 0;
    this.#size = 0;
    this.#oldest = head + 1;
    this.#bytes = 0;
    this.#slab = Buffer.alloc(0);
    this.#used = 0;
  }

  /** Appends the next frame and drops from the old end what exceeds the limits. Returns its sequence. */
  append(text: string, unixMs: number): number {
    const entry = this.#store(text, unixMs);
    if (this.#size === this.#maxEvents) this.dropOldest();
    if (this.#size === this.#entries.length) this.#grow();
    this.#entries[(this.#first + this.#size) & (this.#entries.length - 1)] = entry;
    this.#size += 1;
    this.#bytes += entry.end - entry.start;
    while (this.#bytes > this.#maxBytes && this.#size > 1) this.dropOldest();
    return this.head;
  }

  /** Drops the oldest frame, if there is one. */
  dropOldest(): void {
    if (this.#size === 0) return;
    const { start, end } = this.#at(0);
    this.#bytes -= end - start;
    this.#entries[this.#first] = undefined;
    this.#first = (this.#first + 1) & (this.#entries.length - 1);
    this.#size -= 1;
    this.#oldest += 1;
    if (this.#size === 0) {
      this.#slab = Buffer.alloc(0);
      this.#used = 0;
    }
  }

  /** Reads frames after a sequence. The epoch is the caller's business. */
  read(afterSeq: number, limit: ReadLimit): LogRead {
    if (afterSeq === this.head) return { kind: 'caught-up' };
    const index = afterSeq + 1 - this.#oldest;
    if (index < 0 || index >= this.#size) return { kind: 'gone' };
    const first = this.#at(index);
    const most = Math.min(this.#size - index, Math.max(1, limit.maxEvents));
    let count = 1;
    let last = first;
    while (count < most) {
      const next = this.#at(index + count);
      if (next.slab !== first.slab || next.end - first.start > limit.maxBytes) break;
      last = next;
      count += 1;
    }
    return {
      kind: 'batch',
      bytes: first.slab.subarray(first.start, last.end),
      firstSeq: afterSeq + 1,
      lastSeq: afterSeq + count,
      firstUnixMs: first.unixMs,
    };
  }

  #at(index: number): Entry {
    const entry = this.#entries[(this.#first + index) & (this.#entries.length - 1)];
    if (!entry) throw new RangeError(`ring has no entry ${index} of ${this.#size}`);
    return entry;
  }

  #store(text: string, unixMs: number): Entry {
    const length = Buffer.byteLength(text);
    if (length > this.#slab.length - this.#used) {
      // Slabs double, so that thousands of small streams do not hold 64 KiB each. Never from Buffer's shared pool.
      const next = Math.min(LARGEST_SLAB, Math.max(SMALLEST_SLAB, this.#slab.length * 2));
      this.#slab = Buffer.allocUnsafeSlow(Math.max(next, length));
      this.#used = 0;
    }
    const start = this.#used;
    this.#slab.write(text, start, length, 'utf8');
    this.#used = start + length;
    return { slab: this.#slab, start, end: this.#used, unixMs };
  }

  #grow(): void {
    const grown: (Entry | undefined)[] = new Array(this.#entries.length * 2);
    for (let index = 0; index < this.#size; index++) grown[index] = this.#at(index);
    this.#entries = grown;
    this.#first = 0;
  }
}
