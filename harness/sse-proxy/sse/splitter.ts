/**
 * Cuts a byte stream at the ends of SSE frames, to the byte, without looking at more than line endings
 * (WHATWG HTML 9.2.5: CR, LF and CRLF end a line; an empty line ends a frame). Written for the proxy alone, so that
 * it shares no bug with the kit's parser.
 */

/** A run of input bytes inside one frame. */
export interface Piece {
  /** Offsets into the chunk that was pushed. */
  readonly from: number;
  readonly to: number;
  /** First bytes of a frame. */
  readonly starts: boolean;
  /** The piece ends with the blank line that completes its frame. */
  readonly ends: boolean;
  /**
   * The LF of a CRLF whose CR ended the previous chunk and completed a frame: it belongs to no frame any more.
   * Holding the frame back until the LF arrives would delay every event of a CR-only stream.
   */
  readonly stray: boolean;
}

export interface Splitter {
  /** Splits one chunk; the pieces cover it without holes. */
  push(chunk: Uint8Array): Piece[];
  /** Whether the bytes seen so far end inside a frame. */
  readonly insideFrame: boolean;
}

const LF = 10;
const CR = 13;

export function createSplitter(): Splitter {
  let inside = false;
  let lineIsEmpty = true;
  let lastWasCr = false;
  // Bytes of a UTF-8 BOM still possible at the start of the stream: it does not make a line non-empty.
  let bom: number[] | null = [0xef, 0xbb, 0xbf];

  return {
    get insideFrame() {
      return inside;
    },
    push(chunk) {
      const pieces: Piece[] = [];
      let from = 0;
      let starts = !inside;
      const cut = (to: number, ends: boolean, stray = false): void => {
        pieces.push({ from, to, starts: starts && !stray, ends, stray });
        from = to;
        starts = ends || stray;
      };
      let i = 0;
      if (lastWasCr && chunk.length > 0) {
        lastWasCr = false;
        if (chunk[0] === LF) {
          i = 1;
          if (!inside) cut(1, false, true);
        }
      }
      for (; i < chunk.length; i++) {
        const byte = chunk[i];
        if (bom) {
          if (byte === bom[0]) {
            bom.shift();
            inside = true;
            if (bom.length === 0) bom = null;
            continue;
          }
          if (bom.length < 3) lineIsEmpty = false;
          bom = null;
        }
        inside = true;
        if (byte !== LF && byte !== CR) {
          lineIsEmpty = false;
          i = endOfText(chunk, i) - 1;
          continue;
        }
        if (byte === CR) {
          if (chunk[i + 1] === LF) i++;
          else if (i + 1 === chunk.length) lastWasCr = true;
        }
        if (lineIsEmpty) {
          inside = false;
          cut(i + 1, true);
        }
        lineIsEmpty = true;
      }
      if (from < chunk.length) cut(chunk.length, false);
      return pieces;
    },
  };
}

function endOfText(chunk: Uint8Array, from: number): number {
  let i = from;
  while (i < chunk.length && chunk[i] !== LF && chunk[i] !== CR) i++;
  return i;
}
