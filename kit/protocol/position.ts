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
// No leading zeros: two spellings of one position would defeat comparison by string.
const POSITION = /^([A-Za-z0-9_~-]{8,64})\.(0|[1-9][0-9]{0,15})$/;
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
  const match = POSITION.exec(text);
  if (!match?.[1] || !match[2]) return null;
  const seq = Number(match[2]);
  return Number.isSafeInteger(seq) ? { epoch: match[1], seq } : null;
}
