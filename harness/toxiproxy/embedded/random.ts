/** A number from 0 up to, not including, 1. */
export type Random = () => number;

/**
 * A small seeded generator (xorshift, 32 bit): the same seed gives the same toxicity rolls, jitter and slice sizes.
 * The real server cannot do this: its `-seed` has had no effect since 2.9.
 */
export function seededRandom(seed: number): Random {
  let state = (Math.imul(seed ^ 0x5bd1_e995, 0x9e37_79b1) ^ 0x27d4_eb2f) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}
