/**
 * The sequence number of `id` when it is a position of the epoch `prefix`; -1 otherwise, and for an empty prefix.
 * Written out because it runs for each event: a regular expression and two substrings cost more than the whole check.
 */
export function seqOf(id: string, prefix: string): number {
  const start = prefix.length;
  const { length } = id;
  if (start === 0 || length === start || length > start + 16 || !id.startsWith(prefix)) return -1;
  let seq = 0;
  for (let i = start; i < length; i++) {
    const digit = id.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9 || (digit === 0 && i === start && length > start + 1)) return -1;
    seq = seq * 10 + digit;
  }
  return seq <= Number.MAX_SAFE_INTEGER ? seq : -1;
}
