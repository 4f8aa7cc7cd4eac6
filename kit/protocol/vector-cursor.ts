import { quote, SseKitError } from './errors.ts';
import { formatPosition, type Position, parsePosition } from './position.ts';

/** One stream's place in a vector cursor. */
export interface VectorEntry {
  /** Name of the stream, as in `stream.open`. */
  readonly stream: string;
  readonly position: Position;
}

/** Longest vector cursor a server writes or reads, in characters: half of what servers accept as a header is left. */
export const MAX_VECTOR_LENGTH = 4096;
/** `=`, the longest epoch, `.`, the digits of the highest sequence, and `;`. */
const LONGEST_ENTRY_REST = 1 + 64 + 1 + 16 + 1;

/**
 * Writes a vector cursor: the `id:` on a response that carries several streams. The first entry is the stream that the
 * frame belongs to, the others say how far the response had come in each of the other streams. Names are
 * percent-encoded, so that a vector is visible ASCII and can never be read as a position.
 * @throws SseKitError `ERR_INVALID_POSITION`, `ERR_INVALID_VECTOR` when it is empty or too long.
 * @example `orders=9sVt3kQ1zXw_aB-c.42;chat=Zr81mmPq-77aLkEw.7`
 */
export function formatVector(entries: readonly VectorEntry[]): string {
  const text = entries
    .map(({ stream, position }) => `${encodeURIComponent(stream)}=${formatPosition(position)}`)
    .join(';');
  if (entries.length === 0 || text.length > MAX_VECTOR_LENGTH) {
    throw new SseKitError(
      'ERR_INVALID_VECTOR',
      `a vector cursor has 1 to ${MAX_VECTOR_LENGTH} characters, this one ${text.length}: ${quote(text)}`,
    );
  }
  return text;
}

/** Whether it can name a stream: text without half of a surrogate pair, which no URL, header or vector could carry. */
export function isStreamName(value: unknown): boolean {
  return typeof value === 'string' && !/\p{Cs}/u.test(value);
}

/** How long a vector cursor of these streams can become: the longest epoch and the highest sequence in each. */
export function longestVector(streams: readonly string[]): number {
  return streams.reduce((sum, stream) => sum + encodeURIComponent(stream).length + LONGEST_ENTRY_REST, 0);
}

/**
 * Reads a vector cursor. `null` for anything else: a position, an opaque id, a stream named twice, an entry that is not
 * a position, or more than `MAX_VECTOR_LENGTH` characters.
 */
export function parseVector(text: string): readonly [VectorEntry, ...VectorEntry[]] | null {
  if (text.length > MAX_VECTOR_LENGTH) return null;
  const entries = new Map<string, VectorEntry>();
  try {
    for (const part of text.split(';')) {
      const at = part.indexOf('=');
      const stream = at > 0 && decodeURIComponent(part.slice(0, at));
      const position = parsePosition(part.slice(at + 1));
      if (!stream || !position || entries.has(stream)) return null;
      entries.set(stream, { stream, position });
    }
  } catch {
    return null; // a broken escape: not a vector of ours
  }
  const [first, ...rest] = entries.values();
  return first ? [first, ...rest] : null;
}

/** The first entry of a vector cursor, which is the frame's own; the whole of an id that is none. */
export function ownEntry(id: string): string {
  const end = id.indexOf(';');
  return end < 0 ? id : id.slice(0, end);
}

/** The position of the frame's own stream out of its id, be it a position or a vector cursor; `null` for other ids. */
export function ownPosition(id: string): Position | null {
  const entry = ownEntry(id);
  return parsePosition(entry.slice(entry.indexOf('=') + 1));
}
