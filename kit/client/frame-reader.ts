/** What the text of a response holds, in order. */
export interface FrameSink {
  /** A whole event: `id` is undefined when the frame had none. */
  readonly onFrame: (type: string | undefined, id: string | undefined, data: string) => void;
  /** A whole frame with an `id:` and without `data:`: no event, but the last event ID is this one from now on. */
  readonly onId: (id: string) => void;
  readonly onComment: (text: string) => void;
  /** A valid `retry:` field, in milliseconds, not clamped. */
  readonly onRetry: (ms: number) => void;
  /** An event or a line outgrew its bound. Called once per event; the rest of it is passed over. */
  readonly onTooLarge: (what: 'event' | 'line') => void;
}

/**
 * Bounds of one event. They are counted in UTF-16 units of the decoded text, of which UTF-8 never has fewer bytes: an
 * event of so many bytes is never refused.
 */
export interface FrameBounds {
  readonly maxEventBytes: number;
  readonly maxLineBytes: number;
}

const LF = 10;
const SPACE = 32;
const COLON = 58;
const BOM = 0xfeff;

/** The fields by their first character; a comment is a field without a name. */
const FIELDS: Readonly<Record<number, string>> = {
  58: '',
  100: 'data',
  101: 'event',
  105: 'id',
  114: 'retry',
};

/**
 * Reads frames out of pieces of text, as they come from the network (WHATWG HTML 9.2.6). A line ends as soon as its
 * end can be seen: a CR at the end of a piece does not wait for the LF that may follow. An event without its blank
 * line is never handed over.
 *
 * Each character is looked at by native searches only, and values are slices of the piece: decoding and `JSON.parse`
 * cost several times as much. The work is linear in the text, whatever a server sends.
 */
export function createFrameReader(bounds: FrameBounds, sink: FrameSink): (piece: string) => void {
  const { maxEventBytes, maxLineBytes } = bounds;
  /** A character to leave out when the next piece begins with it: the byte order mark, or the LF after a CR. */
  let swallow = BOM;
  const shortest = Math.min(maxEventBytes, maxLineBytes);
  /** Nothing of the current frame was read yet. */
  let fresh = true;
  /** The line that has no end yet; with the lines before it, when these are the first of a frame to be read at once. */
  let rest = '';
  /** Passing over the rest of an event that is too large. */
  let skipping = false;
  /** How the last frame that was read at once begins, up to its id: the next one mostly begins the same. No text has a CR. */
  let head = '\r';
  let headType: string | undefined;
  let type: string | undefined;
  let id: string | undefined;
  /** The lines of data so far. */
  let data: string | undefined;

  const tooLarge = (what: 'event' | 'line'): void => {
    if (!skipping) sink.onTooLarge(what);
    skipping = true;
    data = undefined; // not to be kept in memory
  };
  const endFrame = (): void => {
    if (!skipping) {
      if (data !== undefined) sink.onFrame(type, id, data);
      else if (id !== undefined) sink.onId(id);
    }
    skipping = false;
    type = id = data = undefined;
  };
  const readLine = (text: string, start: number, end: number): void => {
    if (end - start > maxLineBytes) tooLarge('line');
    const field = FIELDS[text.charCodeAt(start)];
    if (skipping || field === undefined || !text.startsWith(field, start)) return;
    let from = start + field.length;
    if (from < end) {
      if (text.charCodeAt(from++) !== COLON) return;
      if (text.charCodeAt(from) === SPACE) from++;
    }
    const value = text.slice(from, end);
    if (field === 'data') {
      data = data === undefined ? value : `${data}\n${value}`;
      if (data.length > maxEventBytes) tooLarge('event');
    } else if (field === 'event') type = value || undefined;
    else if (field === 'id') {
      if (!value.includes('\0')) id = value;
    } else if (field === '') sink.onComment(value);
    else if (/^\d+$/.test(value)) sink.onRetry(Number(value));
  };
  /**
   * Reads a frame that is whole and as this kit's servers write it: event (or not), id, one line of data. Faster than
   * line by line.
   * @returns where the next frame begins; `start` when the line of data has no end yet; -1 for any other frame. Of
   * those two nothing was read.
   */
  const readWhole = (text: string, start: number): number => {
    if (!text.startsWith(head, start)) {
      const named = text.startsWith('event: ', start);
      const at = named ? text.indexOf('\n', start) + 1 : start;
      if (at < start || !text.startsWith('id: ', at)) return -1;
      head = text.slice(start, at + 4);
      headType = named ? text.slice(start + 7, at - 1) || undefined : undefined;
    }
    const idAt = start + head.length;
    const idEnd = text.indexOf('\n', idAt);
    if (idEnd < 0 || !text.startsWith('data: ', idEnd + 1)) return -1;
    const end = text.indexOf('\n', idEnd + 7);
    if ((end < 0 ? text.length : end) - start > shortest) return -1;
    if (end < 0) return start;
    if (text.charCodeAt(end + 1) !== LF) return -1;
    const own = text.slice(idAt, idEnd);
    if (own.includes('\0')) return -1;
    sink.onFrame(headType, own, text.slice(idEnd + 7, end));
    return end + 2;
  };
  /** Reads what has its end in the text. @returns where the rest begins. */
  const readAll = (text: string, from: number): number => {
    for (let start = from; ; ) {
      if (fresh) {
        const next = readWhole(text, start);
        if (next === start) return start;
        if (next > start) {
          start = next;
          continue;
        }
      }
      const end = text.indexOf('\n', start);
      if (end < 0) return start;
      fresh = end === start;
      if (fresh) endFrame();
      else readLine(text, start, end);
      start = end + 1;
    }
  };

  return (chunk) => {
    let piece = chunk.charCodeAt(0) === swallow ? chunk.slice(1) : chunk;
    if (chunk !== '') swallow = -1;
    if (piece.includes('\r')) {
      if (piece.endsWith('\r')) swallow = LF;
      piece = piece.replace(/\r\n?/g, '\n');
    }
    let from = piece.indexOf('\n') + 1;
    if (from === 0) rest += piece;
    else {
      if (rest === '') from = 0;
      else {
        // Only this line (and the frame, when it ends here) is put together: all of the piece would be slower to read.
        if (piece.charCodeAt(from) === LF) from++;
        readAll(rest + piece.slice(0, from), 0);
      }
      rest = piece.slice(readAll(piece, from));
    }
    if (fresh && rest.length > shortest) {
      rest = rest.slice(readAll(rest, 0));
      fresh = false;
    }
    if (rest.length > maxLineBytes) tooLarge('line');
    // What is left of the line has to count as a line that is not empty, and no more.
    if (skipping && rest !== '') rest = ':';
  };
}
