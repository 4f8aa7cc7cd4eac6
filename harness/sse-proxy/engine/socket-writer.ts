import type { Socket } from 'node:net';

/** Writes to a socket no faster than the other side reads. Every method answers false once the socket is gone. */
export class SocketWriter {
  readonly #socket: Socket;
  readonly #onBytes: (bytes: Buffer) => void;
  readonly #onDrain = new Set<(open: boolean) => void>();
  readonly #onFlush = new Set<(open: boolean) => void>();
  #unflushed = 0;
  #muted = false;
  #dropped = 0;

  constructor(socket: Socket, onBytes: (bytes: Buffer) => void = () => undefined) {
    this.#socket = socket;
    this.#onBytes = onBytes;
    socket.on('drain', () => wake(this.#onDrain, true));
    socket.on('close', () => {
      wake(this.#onDrain, false);
      wake(this.#onFlush, false);
    });
  }

  get gone(): boolean {
    return this.#socket.destroyed || this.#socket.writableEnded;
  }

  get muted(): boolean {
    return this.#muted;
  }

  /** Bytes swallowed since `mute`. */
  get droppedBytes(): number {
    return this.#dropped;
  }

  /** From here on writes vanish and the socket stays open: half-open, as seen by the client. */
  mute(): void {
    this.#muted = true;
  }

  /** Counts bytes that a muted writer did not get to see. */
  drop(bytes: number): void {
    this.#dropped += bytes;
  }

  /** Resolves when more may be written. */
  async write(bytes: Buffer): Promise<boolean> {
    if (this.gone) return false;
    if (this.#muted) {
      this.drop(bytes.length);
      return true;
    }
    if (bytes.length === 0) return true;
    this.#onBytes(bytes);
    this.#unflushed++;
    const more = this.#socket.write(bytes, (error) => {
      this.#unflushed--;
      if (this.#unflushed === 0) wake(this.#onFlush, !error);
    });
    return more || new Promise((resolve) => this.#onDrain.add(resolve));
  }

  /** Resolves when everything written has left this process; false after `limitMs`, or when the socket closed. */
  flushed(limitMs: number): Promise<boolean> {
    if (this.#unflushed === 0) return Promise.resolve(!this.#socket.destroyed);
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(false), limitMs);
      const done = (ok: boolean): void => {
        clearTimeout(timer);
        this.#onFlush.delete(done);
        resolve(ok);
      };
      this.#onFlush.add(done);
    });
  }

  /** Sends FIN after everything written; resolves when the FIN was handed to the kernel. */
  fin(): Promise<boolean> {
    if (this.gone) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#socket.once('close', () => resolve(false));
      this.#socket.end(() => resolve(true));
    });
  }

  /** Sends a true RST: what the other side's kernel has not taken yet is lost. */
  rst(): boolean {
    if (this.#socket.destroyed) return false;
    // What `resetAndDestroy` sets before it waits for pending writes, which a client that does not read never lets
    // finish. With the flag, `destroy` resets at once.
    (this.#socket as Socket & { resetAndClosing: boolean }).resetAndClosing = true;
    this.#socket.destroy();
    return true;
  }
}

function wake(waiters: Set<(open: boolean) => void>, open: boolean): void {
  for (const waiter of [...waiters]) {
    waiters.delete(waiter);
    waiter(open);
  }
}
