import { quote, SseKitError } from './errors.ts';

/** The fields of one SSE frame (WHATWG HTML 9.2.5). Absent fields are not written. */
export interface Frame {
  /** `event:`; no CR, LF or NUL. */
  readonly event?: string;
  /** `data:`; may hold any line endings, each becomes a line of its own. */
  readonly data?: string;
  /** `id:`; no CR, LF or NUL. */
  readonly id?: string;
  /** `retry:` in milliseconds, a non-negative integer. */
  readonly retryMs?: number;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these three are what the format cannot carry
const FORBIDDEN = /[\r\n\u0000]/;
const LINE_END = /\r\n|\r|\n/;

/**
 * Refuses what would break out of a single-line field (CR, LF) or be ignored by browsers (NUL in `id`).
 * @throws SseKitError `ERR_CONTROL_CHARACTER`
 */
export function assertFieldValue(field: string, value: string): void {
  if (FORBIDDEN.test(value)) {
    throw new SseKitError(
      'ERR_CONTROL_CHARACTER',
      `${field} must not contain CR, LF or NUL: ${quote(value)}`,
    );
  }
}

/**
 * Encodes one frame: the only place in the kit that writes the event stream format. A frame without `data` and with
 * an `id` moves the cursor of spec-conforming parsers only in some browsers (see PROTOCOL.md), so control frames
 * always carry data.
 * @returns the frame as text, blank line included.
 * @throws SseKitError `ERR_CONTROL_CHARACTER`, `ERR_INVALID_RETRY`
 */
export function encodeFrame(frame: Frame): string {
  let out = '';
  if (frame.event !== undefined) {
    assertFieldValue('event', frame.event);
    out += `event: ${frame.event}\n`;
  }
  if (frame.id !== undefined) {
    assertFieldValue('id', frame.id);
    out += `id: ${frame.id}\n`;
  }
  if (frame.retryMs !== undefined) {
    if (!Number.isSafeInteger(frame.retryMs) || frame.retryMs < 0) {
      throw new SseKitError(
        'ERR_INVALID_RETRY',
        `retry must be whole milliseconds, got ${quote(frame.retryMs)}`,
      );
    }
    out += `retry: ${frame.retryMs}\n`;
  }
  if (frame.data !== undefined) out += encodeData(frame.data);
  return `${out}\n`;
}

function encodeData(data: string): string {
  // JSON never holds a raw line ending, so the common case is one scan and one concatenation.
  if (!data.includes('\n') && !data.includes('\r')) return `data: ${data}\n`;
  return data
    .split(LINE_END)
    .map((line) => `data: ${line}\n`)
    .join('');
}

/**
 * Encodes a comment frame, ignored by every conforming parser.
 * @throws SseKitError `ERR_CONTROL_CHARACTER` when the text holds a line ending or NUL.
 */
export function encodeComment(text: string): string {
  assertFieldValue('comment', text);
  return `: ${text}\n\n`;
}

const ID_LINE = /^(event: [^\n]*\n)?id: [^\n]*\n/;

/**
 * Gives an encoded frame another `id:`, for a connection that carries several streams. The rest is shared with the
 * connections that carry one.
 * @throws SseKitError `ERR_CONTROL_CHARACTER`
 */
export function withFrameId(frame: string, id: string): string {
  assertFieldValue('id', id);
  return frame.replace(ID_LINE, (_, event: string | undefined) => `${event ?? ''}id: ${id}\n`);
}

/** Takes encoded frames apart. Each keeps its blank line. */
export function splitFrames(frames: string): string[] {
  // A blank line is the end of a frame and occurs nowhere else: every line of data begins with its field name.
  return frames.match(/[\s\S]*?\n\n/g) ?? [];
}
