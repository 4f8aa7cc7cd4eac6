import { Buffer } from 'node:buffer';
import type { FrameBatch, ReadLimit } from '../server/replay-log.ts';

/** A run of frames that is put together from stored events, within the limits of one read. */
export class ColdBatch {
  readonly #afterSeq: number;
  readonly #limit: ReadLimit;
  readonly #frames: Buffer[] = [];
  #bytes = 0;
  #firstUnixMs = 0;

  constructor(afterSeq: number, limit: ReadLimit) {
    this.#afterSeq = afterSeq;
    this.#limit = limit;
  }

  get size(): number {
    return this.#frames.length;
  }

  /** Takes the next frame. Returns false when it has no room for it; the first always has. */
  add(text: string, unixMs: number): boolean {
    const frame = Buffer.from(text);
    const { length } = this.#frames;
    const { maxEvents, maxBytes } = this.#limit;
    if (length > 0 && (length >= maxEvents || this.#bytes + frame.length > maxBytes)) return false;
    if (length === 0) this.#firstUnixMs = unixMs;
    this.#frames.push(frame);
    this.#bytes += frame.length;
    return true;
  }

  /** The frames as one block; `null` without any. */
  build(): FrameBatch | null {
    const { length } = this.#frames;
    if (length === 0) return null;
    return {
      kind: 'batch',
      bytes: Buffer.concat(this.#frames, this.#bytes),
      firstSeq: this.#afterSeq + 1,
      lastSeq: this.#afterSeq + length,
      firstUnixMs: this.#firstUnixMs,
    };
  }
}
