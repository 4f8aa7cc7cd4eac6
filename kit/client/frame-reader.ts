import { createParser } from 'eventsource-parser';

/** What the text of a response holds, in order. */
export interface FrameSink {
  /** A whole event: `id` is undefined when the frame had none. */
  readonly onFrame: (type: string | undefined, id: string | undefined, data: string) => void;
  readonly onComment: (text: string) => void;
  /** A valid `retry:` field, in milliseconds, not clamped. */
  readonly onRetry: (ms: number) => void;
  /** An event or a line outgrew its bound. Called once per event; with `skip` the rest of it is passed over. */
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
const CR = 13;
const BOM = 0xfeff;

/**
 * Reads frames out of pieces of text, as they come from the network. The parsing is eventsource-parser's; this adds
 * what it leaves to its caller: a CR at the end of a piece ends the line at once, a byte order mark is skipped only at
 * the very beginning, and sizes are bounded. An event without its blank line is never handed over.
 */
export function createFrameReader(bounds: FrameBounds, sink: FrameSink): (text: string) => void {
  const { maxEventBytes, maxLineBytes } = bounds;
  let first = true;
  let swallowLf = false;
  let lineLength = 0;
  let overflow = false;
  /** Passing over an event that is too large; `lineEmpty` says whether the current line has no character yet. */
  let skipping = false;
  let lineEmpty = false;

  const parser = createParser({
    maxBufferSize: maxEventBytes,
    onEvent({ event, id, data }) {
      if (data.length > maxEventBytes) sink.onTooLarge('event');
      else sink.onFrame(event, id, data);
    },
    onComment: sink.onComment,
    onRetry: sink.onRetry,
    onError(error) {
      if (error.type === 'max-buffer-size-exceeded') overflow = true;
      // Unknown fields and an invalid `retry:` are ignored, as WHATWG HTML 9.2.6 wants.
    },
  });

  return (piece) => {
    let text = piece;
    if (text === '') return;
    if (first) {
      first = false;
      if (text.charCodeAt(0) === BOM) text = text.slice(1);
    }
    if (swallowLf) {
      swallowLf = false;
      if (text.charCodeAt(0) === LF) text = text.slice(1);
    }
    // The parser waits to see whether a CR is followed by LF. Ending the line now is the same, without the wait.
    if (text.charCodeAt(text.length - 1) === CR) {
      text += '\n';
      swallowLf = true;
    }
    if (skipping) text = skip(text);
    if (text === '') return;
    parser.feed(text);
    let lineEnd = text.length - 1;
    if (text.charCodeAt(lineEnd) !== LF) {
      lineEnd = text.lastIndexOf('\n');
      // Only the tail is searched for a CR: in a stream that has none, each chunk would be read through twice.
      if (text.indexOf('\r', lineEnd + 1) >= 0) lineEnd = text.lastIndexOf('\r');
    }
    lineLength = lineEnd < 0 ? lineLength + text.length : text.length - 1 - lineEnd;
    if (overflow || lineLength > maxLineBytes) {
      sink.onTooLarge(lineLength > maxLineBytes ? 'line' : 'event');
      parser.reset();
      skipping = true;
      lineEmpty = lineLength === 0;
      overflow = false;
      lineLength = 0;
    }
  };

  /** The text after the blank line that ends the event being skipped; empty while it has not come. */
  function skip(text: string): string {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code !== LF && code !== CR) {
        lineEmpty = false;
        continue;
      }
      if (code === CR && text.charCodeAt(i + 1) === LF) i++;
      if (lineEmpty) {
        skipping = false;
        return text.slice(i + 1);
      }
      lineEmpty = true;
    }
    return '';
  }
}
