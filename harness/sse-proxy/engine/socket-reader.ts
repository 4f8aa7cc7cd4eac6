import type { Socket } from 'node:net';

/** How the other side ended its direction. `lost` is any error that is not a reset (host unreachable, for example). */
export type SocketEnd = 'fin' | 'rst' | 'lost';

export type ReadResult =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'end'; readonly how: SocketEnd };

/** A reset that arrives while we write is told as EPIPE. */
const RESETS: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);

/** Bytes held unread before the socket is paused, so that its sender feels the backpressure. */
const HIGH_WATER_BYTES = 64 * 1024;

/**
 * Pulls bytes from a socket: what is not read stays with the sender. An end is reported at once through `onEnd`
 * (as long as the reader is not paused) and, in order, through `read`.
 */
export class SocketReader {
  readonly #socket: Socket;
  #queue: Buffer[] = [];
  #queued = 0;
  #discarding = false;
  #end: SocketEnd | null = null;
  #waiting: ((result: ReadResult) => void) | null = null;

  constructor(
    socket: Socket,
    listeners: { onBytes?: (bytes: Buffer) => void; onEnd?: (how: SocketEnd) => void } = {},
  ) {
    this.#socket = socket;
    const end = (how: SocketEnd): void => {
      if (this.#end) return;
      this.#end = how;
      listeners.onEnd?.(how);
      this.#deliver();
    };
    socket.on('data', (bytes: Buffer) => {
      listeners.onBytes?.(bytes);
      this.#push(bytes);
    });
    socket.on('end', () => end('fin'));
    socket.on('error', (error: NodeJS.ErrnoException) => end(RESETS.has(error.code ?? '') ? 'rst' : 'lost'));
    // Destroyed from this side: whoever still reads must not wait for ever.
    socket.on('close', () => end('lost'));
  }

  get ended(): boolean {
    return this.#end !== null;
  }

  /** The next bytes, or the end. One reader at a time. */
  read(): Promise<ReadResult> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#deliver();
    });
  }

  /** From here on bytes are thrown away as they come; only the end is still reported. */
  discard(): void {
    this.#discarding = true;
    this.#queue = [];
    this.#queued = 0;
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  /** Puts bytes back, to be read first. */
  unread(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#queue.unshift(bytes);
    this.#queued += bytes.length;
  }

  #push(bytes: Buffer): void {
    if (this.#discarding) return;
    this.#queue.push(bytes);
    this.#queued += bytes.length;
    if (this.#queued >= HIGH_WATER_BYTES) this.#socket.pause();
    this.#deliver();
  }

  #deliver(): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    const bytes = this.#queue.shift();
    if (bytes) {
      this.#queued -= bytes.length;
      if (this.#queued < HIGH_WATER_BYTES && this.#socket.isPaused()) this.#socket.resume();
    } else if (!this.#end) {
      return;
    }
    this.#waiting = null;
    waiting(bytes ? { kind: 'bytes', bytes } : { kind: 'end', how: this.#end ?? 'lost' });
  }
}
