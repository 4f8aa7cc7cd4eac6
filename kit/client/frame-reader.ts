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
  /** The line that has no end yet. */
  let rest = '';
  /** Passing over the rest of an event that is too large. */
  let skipping = false;
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

  return (next) => {
    if (next === '') return;
    let piece = next.charCodeAt(0) === swallow ? next.slice(1) : next;
    swallow = -1;
    if (piece.includes('\r')) {
      if (piece.endsWith('\r')) swallow = LF;
      piece = piece.replace(/\r\n?/g, '\n');
    }
    let end = piece.indexOf('\n');
    let start = 0;
    if (end >= 0) {
      const text = rest + piece;
      end += rest.length;
      for (; end >= 0; end = text.indexOf('\n', start)) {
        if (end === start) endFrame();
        else readLine(text, start, end);
        start = end + 1;
      }
      rest = text.slice(start);
    } else rest += piece;
    if (rest.length > maxLineBytes) tooLarge('line');
    // What is left of the line has to count as a line that is not empty, and no more.
    if (skipping && rest !== '') rest = ':';
  };
}
