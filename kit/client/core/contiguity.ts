/** Where an id stands to the mark: the expected one, already seen, beyond a hole, or not of this epoch. */
export type Standing = 'next' | 'seen' | 'ahead' | 'foreign';

/**
 * The sequence number of `id` when it is a position of the epoch `prefix`; -1 otherwise. Written out because it runs
 * for each event: a regular expression and two substrings cost more than the whole check.
 */
export function seqOf(id: string, prefix: string): number {
  const start = prefix.length;
  const { length } = id;
  if (length === start || length > start + 16 || !id.startsWith(prefix)) return -1;
  let seq = 0;
  for (let i = start; i < length; i++) {
    const digit = id.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9 || (digit === 0 && i === start && length > start + 1)) return -1;
    seq = seq * 10 + digit;
  }
  return seq <= Number.MAX_SAFE_INTEGER ? seq : -1;
}

/** Compares a sequence number, as `seqOf` gives it, with the last accepted one. */
export function standing(lastSeq: number, seq: number): Standing {
  if (seq < 0) return 'foreign';
  if (seq === lastSeq + 1) return 'next';
  return seq <= lastSeq ? 'seen' : 'ahead';
}
