/** Bytes on their way through a link, with the time at which they entered it (milliseconds of the link's clock). */
export interface Chunk {
  readonly data: Buffer;
  readonly at: number;
}

/**
 * The pipe between two stubs. A producer may always push, so that an interrupted toxic never drops a chunk, but then
 * waits for room: with capacity 0 until the consumer took it. That wait is what carries backpressure from a slow
 * destination to the source socket.
 */
export class Channel {
  readonly #capacity: number;
  readonly #listeners = new Set<() => void>();
  #queue: Chunk[] = [];
  #closed = false;
  #discarding = false;

  constructor(capacity = 0) {
    this.#capacity = capacity;
  }

  get hasRoom(): boolean {
    return this.#queue.length <= this.#capacity;
  }

  /** Nothing will be pushed any more; what is queued can still be taken. */
  get closed(): boolean {
    return this.#closed && this.#queue.length === 0;
  }

  push(chunk: Chunk): void {
    if (this.#closed || this.#discarding) return;
    this.#queue.push(chunk);
    this.#changed();
  }

  take(): Chunk | undefined {
    const chunk = this.#queue.shift();
    if (chunk) this.#changed();
    return chunk;
  }

  close(): void {
    this.#closed = true;
    this.#changed();
  }

  /** The consumer is gone: accept and forget everything, so that no producer waits for nobody. */
  discard(): void {
    this.#discarding = true;
    this.#queue = [];
    this.#changed();
  }

  /** Calls `listener` after each change until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
