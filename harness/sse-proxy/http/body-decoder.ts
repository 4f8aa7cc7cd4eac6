import { quote, SseKitError } from '../../../kit/protocol/index.ts';
import type { Framing } from './framing.ts';

/** What one push of raw bytes yielded. */
export interface Decoded {
  /** Payload pieces, framing removed. Views of the input, not copies. */
  readonly payload: Buffer[];
  /** Number of input bytes that belong to this body; the rest belongs to the next message. */
  readonly consumed: number;
}

/** Incremental decoder of one message body. */
export interface BodyDecoder {
  push(bytes: Buffer): Decoded;
  /** The body is complete. */
  readonly done: boolean;
  /** `ERR_BAD_CHUNK` once the chunk framing turned out to be broken: nothing after it can be read. */
  readonly error: SseKitError | null;
  /** Whether the end of the connection completes the body rather than truncating it. */
  readonly endsWithConnection: boolean;
}

/** Makes the decoder for a framing. */
export function createBodyDecoder(framing: Framing): BodyDecoder {
  switch (framing.kind) {
    case 'none':
      return new LengthDecoder(0);
    case 'length':
      return new LengthDecoder(framing.length);
    case 'close':
      return new CloseDecoder();
    case 'chunked':
      return new ChunkedDecoder();
  }
}

class LengthDecoder implements BodyDecoder {
  readonly endsWithConnection = false;
  readonly error = null;
  #left: number;

  constructor(length: number) {
    this.#left = length;
  }

  get done(): boolean {
    return this.#left === 0;
  }

  push(bytes: Buffer): Decoded {
    const piece = bytes.subarray(0, this.#left);
    this.#left -= piece.length;
    return { payload: piece.length > 0 ? [piece] : [], consumed: piece.length };
  }
}

class CloseDecoder implements BodyDecoder {
  readonly done = false;
  readonly endsWithConnection = true;
  readonly error = null;

  push(bytes: Buffer): Decoded {
    return { payload: [bytes], consumed: bytes.length };
  }
}

const LONGEST_LINE = 64 * 1024;

class ChunkedDecoder implements BodyDecoder {
  readonly endsWithConnection = false;
  error: SseKitError | null = null;
  #state: 'size' | 'data' | 'data-end' | 'trailer' | 'done' = 'size';
  #left = 0;
  #line = '';

  get done(): boolean {
    return this.#state === 'done';
  }

  push(bytes: Buffer): Decoded {
    const payload: Buffer[] = [];
    let at = 0;
    while (at < bytes.length && this.#state !== 'done' && !this.error) {
      if (this.#state === 'data') {
        const piece = bytes.subarray(at, at + this.#left);
        payload.push(piece);
        at += piece.length;
        this.#left -= piece.length;
        if (this.#left === 0) this.#state = 'data-end';
        continue;
      }
      const lf = bytes.indexOf(10, at);
      const end = lf < 0 ? bytes.length : lf + 1;
      this.#line += bytes.toString('latin1', at, end);
      if (lf >= 0) this.#endLine();
      else if (this.#line.length > LONGEST_LINE) this.error = badChunk(this.#line);
      if (!this.error) at = end;
    }
    return { payload, consumed: at };
  }

  #endLine(): void {
    const line = this.#line.replace(/\r?\n$/, '');
    this.#line = '';
    if (this.#state === 'size') {
      const size = /^([0-9a-fA-F]{1,13})[ \t]*(?:;.*)?$/.exec(line);
      if (!size?.[1]) {
        this.error = badChunk(line);
        return;
      }
      this.#left = Number.parseInt(size[1], 16);
      this.#state = this.#left === 0 ? 'trailer' : 'data';
    } else if (this.#state === 'data-end') {
      if (line === '') this.#state = 'size';
      else this.error = badChunk(line);
    } else if (line === '') {
      this.#state = 'done';
    }
  }
}

function badChunk(line: string): SseKitError {
  return new SseKitError('ERR_BAD_CHUNK', `not HTTP chunk framing: ${quote(line)}`);
}
