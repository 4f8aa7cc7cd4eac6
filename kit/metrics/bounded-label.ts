/** Value that stands for all others once a label has enough values. */
export const OTHER = 'other';

/**
 * Bounds the values of a metric label: each new value is a new time series, and codes or names may come from code that is
 * not ours. After `most` different values the rest is `other`.
 */
export function boundedLabel(most = 50): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= most) return OTHER;
    known.add(value);
    return value;
  };
}
