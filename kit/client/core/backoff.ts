/**
 * How chance spreads delays:
 * - `full`: anywhere between a tenth of the base and the exponential delay (AWS "full jitter", with a floor);
 * - `equal`: half the exponential delay, plus up to the other half;
 * - `decorrelated`: between the base and three times the delay before;
 * - a number: the exponential delay give or take so many per cent (0 to 100).
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export type Jitter = 'full' | 'equal' | 'decorrelated' | number;

/** Delays between attempts, in milliseconds. */
export interface Backoff {
  /** Delay before the first retry, before jitter. */
  readonly baseMs: number;
  /** No delay is longer, unless the server asks for it. */
  readonly maxMs: number;
  /** Growth from one failure to the next. */
  readonly factor: number;
  readonly jitter: Jitter;
}

/** Largest delay a timer can wait; a larger one wraps to 1 ms. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * The delay after the `failures`-th failure in a row (1 for the first).
 * @param previousMs the delay before, for `decorrelated`; 0 at first.
 * @param roll uniform in [0, 1).
 * @returns milliseconds between 0 and `maxMs`.
 */
export function backoffDelay(backoff: Backoff, failures: number, previousMs: number, roll: number): number {
  const { baseMs, jitter } = backoff;
  const maxMs = Math.min(backoff.maxMs, MAX_TIMER_MS);
  // The exponent is bounded so that a thousand failures do not make Infinity × 0.
  const grown = Math.min(maxMs, baseMs * backoff.factor ** Math.min(failures - 1, 64));
  const spread = (low: number, high: number): number => Math.min(maxMs, low + roll * (high - low));
  if (jitter === 'full') return spread(Math.min(baseMs / 10, grown), grown);
  if (jitter === 'equal') return spread(grown / 2, grown);
  if (jitter === 'decorrelated') return spread(baseMs, Math.max(baseMs, previousMs * 3));
  const part = (grown * jitter) / 100;
  return spread(grown - part, grown + part);
}

/**
 * The delay when the server asked for at least `floorMs`: never less, and with a spread of its own on top, because a
 * `Retry-After` that everybody obeys to the millisecond brings everybody back at once.
 * @param maxFloorMs what the server may ask for at most.
 */
export function delayWithFloor(
  delayMs: number,
  floorMs: number,
  maxFloorMs: number,
  baseMs: number,
  roll: number,
): number {
  const floor = Math.min(floorMs, maxFloorMs, MAX_TIMER_MS);
  if (!(floor > 0)) return delayMs;
  return Math.min(MAX_TIMER_MS, Math.max(delayMs, floor + roll * Math.max(baseMs, floor / 4)));
}
