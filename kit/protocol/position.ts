import { quote, SseKitError } from './errors.ts';

/**
 * A place in a stream's log. `epoch` names one incarnation of the log; `seq` counts 1, 2, 3 … without holes.
 * `seq` 0 is the place before the first event. On the wire it is `epoch.seq`, used as `id:` and Last-Event-ID.
 */
export interface Position {
  readonly epoch: string;
  readonly seq: number;
}

const EPOCH = /^[A-Za-z0-9_~-]{8,64}$/;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-';

/** Whether `text` is a valid epoch: 8 to 64 characters of `[A-Za-z0-9_~-]`. */
export function isEpoch(text: string): boolean {
  return EPOCH.test(text);
}

/**
 * Makes a fresh epoch of 16 characters (96 bits).
 * @param randomBytes source of random bytes; default `crypto.getRandomValues`.
 */
export function createEpoch(randomBytes: (length: number) => Uint8Array = cryptoBytes): string {
  let epoch = '';
  for (const byte of randomBytes(16)) epoch += ALPHABET.charAt(byte & 63);
  return epoch;
}

function cryptoBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

/**
 * Writes a position as `epoch.seq`.
 * @throws SseKitError `ERR_INVALID_POSITION` when the epoch or the sequence is out of range.
 */
export function formatPosition(position: Position): string {
  const { epoch, seq } = position;
  if (!isEpoch(epoch) || !Number.isSafeInteger(seq) || seq < 0) {
    throw new SseKitError('ERR_INVALID_POSITION', `not a position: epoch ${quote(epoch)}, seq ${quote(seq)}`);
  }
  return `${epoch}.${seq}`;
}

/** Reads `epoch.seq`; `null` for anything else, which a client treats as an opaque id and a server as malformed. */
export function parsePosition(text: string): Position | null {
  const dot = text.indexOf('.');
  const epoch = text.slice(0, dot);
  const seq = seqOf(text, `${epoch}.`);
  return seq >= 0 && isEpoch(epoch) ? { epoch, seq } : null;
}

/**
 * The sequence number of `id` when it is a position of the epoch `prefix`, which ends in a dot; -1 otherwise. Written
 * out because a client does it for each event: a regular expression and two substrings cost more than the whole check.
 */
export function seqOf(id: string, prefix: string): number {
  const start = prefix.length;
  const { length } = id;
  if (start === 0 || length === start || length > start + 16 || !id.startsWith(prefix)) return -1;
  // No leading zeros: two spellings of one position would defeat comparison by string.
  if (length > start + 1 && id.charCodeAt(start) === 48) return -1;
  let seq = 0;
  for (let i = start; i < length; i++) {
    const digit = id.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    seq = seq * 10 + digit;
  }
  return seq <= Number.MAX_SAFE_INTEGER ? seq : -1;
}
