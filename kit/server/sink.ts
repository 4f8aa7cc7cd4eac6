import { Buffer } from 'node:buffer';

/**
 * A block of bytes that many connections write. What depends on the transport is computed at most once for all of them.
 */
export class Block {
  readonly bytes: Uint8Array;
  #chunked: Uint8Array | null = null;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** The block as one chunk of HTTP/1.1 chunked coding (RFC 9112 7.1). */
  get chunked(): Uint8Array {
    if (!this.#chunked) {
      const { bytes } = this;
      const head = `${bytes.length.toString(16)}\r\n`;
      const chunk = Buffer.allocUnsafe(head.length + bytes.length + 2);
      chunk.write(head, 0, 'latin1');
      chunk.set(bytes, head.length);
      chunk.write('\r\n', head.length + bytes.length, 'latin1');
      this.#chunked = chunk;
    }
    return this.#chunked;
  }
}

/** Makes a block of text, encoded as UTF-8. */
export function textBlock(text: string): Block {
  return new Block(Buffer.from(text, 'utf8'));
}

/** What a sink tells its connection. */
export interface SinkEvents {
  /** The sink takes bytes again after a `write` that returned false. */
  readonly onDrain: () => void;
  /** The response is over, by whichever side; nothing is called after it. Called once, never from inside `write`. */
  readonly onClose: () => void;
}

/**
 * Where a connection writes: one response of one transport. Adapters implement it, about thirty lines each.
 */
export interface Sink {
  /**
   * Writes a block, in order. Returns false when the transport has enough for now; the caller then waits for `onDrain`.
   * After the end it does nothing and returns false.
   */
  write(block: Block): boolean;
  /**
   * Ends the response in good order, after what was written. `parting`: this server takes no more requests, so what
   * carries the response (a kept connection, an HTTP/2 session) should be let go as well.
   */
  end(parting?: boolean): void;
  /** Cuts the response off and drops what was not sent. */
  destroy(): void;
  /** Whether the listener behind this response was closed and waits for it to end. Absent: never. */
  readonly closing?: () => boolean;
}
