/** One SSE frame as bytes, with as much understanding as faults need. */

/** A line of a frame: offsets into the frame's bytes. */
export interface Line {
  readonly from: number;
  /** End of the text, before the line ending. */
  readonly textTo: number;
  /** End of the line, its line ending included. */
  readonly to: number;
  /** Field name; '' for a comment, `null` for the blank line. */
  readonly field: string | null;
  readonly value: string;
}

/**
 * `event`: has `data:` and dispatches. `control`: the same, with a reserved `stream.` type. `heartbeat`: only
 * comments, or a `stream.heartbeat` event. `other`: only `id:`, `retry:` or unknown fields. `blank`: an empty line.
 */
export type FrameKind = 'event' | 'control' | 'heartbeat' | 'other' | 'blank';

export interface Frame {
  /** Exactly as on the wire, the blank line included. */
  readonly bytes: Buffer;
  readonly lines: readonly Line[];
  readonly kind: FrameKind;
  /** Value of the last `id:` line; `null` when there is none. */
  readonly id: string | null;
  /** Value of the last `event:` line; '' when there is none. */
  readonly type: string;
  /** The `data:` lines joined by LF; `null` when there is none. */
  readonly data: string | null;
}

/** Reads a frame. Bytes that are not UTF-8 become U+FFFD in the strings; `bytes` keeps them. */
export function readFrame(bytes: Buffer): Frame {
  const lines = readLines(bytes);
  let id: string | null = null;
  let type = '';
  let data: string | null = null;
  let comment = false;
  let fields = false;
  for (const { field, value } of lines) {
    if (field === null) continue;
    if (field === '') comment = true;
    else fields = true;
    if (field === 'id') id = value;
    else if (field === 'event') type = value;
    else if (field === 'data') data = data === null ? value : `${data}\n${value}`;
  }
  return { bytes, lines, kind: kindOf(), id, type, data };

  function kindOf(): FrameKind {
    if (data !== null) {
      if (type === 'stream.heartbeat') return 'heartbeat';
      return type.startsWith('stream.') ? 'control' : 'event';
    }
    if (fields) return 'other';
    return comment ? 'heartbeat' : 'blank';
  }
}

/** The frame with its lines of one field replaced; `value: null` removes them. A missing field is put first. */
export function withField(frame: Frame, field: string, value: string | Buffer | null): Frame {
  const parts: Buffer[] = [];
  const written = value === null ? null : Buffer.from(value);
  let replaced = false;
  for (const line of frame.lines) {
    if (line.field !== field) {
      parts.push(frame.bytes.subarray(line.from, line.to));
    } else if (written && !replaced) {
      parts.push(Buffer.from(`${field}: `), written, frame.bytes.subarray(line.textTo, line.to));
      replaced = true;
    }
  }
  if (written && !replaced) {
    const first = hasBom(frame.bytes) ? 1 : 0;
    parts.splice(first, 0, Buffer.from(`${field}: `), written, Buffer.from(newlineOf(frame)));
  }
  return readFrame(Buffer.concat(parts));
}

/** The line ending a frame uses. */
export function newlineOf(frame: Frame): string {
  const line = frame.lines.find(({ textTo, to }) => to > textTo);
  return line ? frame.bytes.toString('latin1', line.textTo, line.to) : '\n';
}

function readLines(bytes: Buffer): Line[] {
  const lines: Line[] = [];
  let from = hasBom(bytes) ? 3 : 0;
  if (from > 0) lines.push({ from: 0, textTo: 3, to: 3, field: null, value: '' });
  while (from < bytes.length) {
    let textTo = from;
    while (textTo < bytes.length && bytes[textTo] !== 10 && bytes[textTo] !== 13) textTo++;
    let to = Math.min(textTo + 1, bytes.length);
    if (bytes[textTo] === 13 && bytes[to] === 10) to++;
    lines.push({ from, textTo, to, ...fieldOf(bytes.toString('utf8', from, textTo)) });
    from = to;
  }
  return lines;
}

function fieldOf(text: string): { field: string | null; value: string } {
  if (text === '') return { field: null, value: '' };
  const colon = text.indexOf(':');
  if (colon < 0) return { field: text, value: '' };
  const value = text.slice(colon + 1);
  return { field: text.slice(0, colon), value: value.startsWith(' ') ? value.slice(1) : value };
}

function hasBom(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}
