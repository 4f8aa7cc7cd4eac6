/** Middle value of a list; the mean of the two middle ones when it is even. NaN for an empty list. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Value below which `share` (0 to 1) of the list lies (nearest rank). */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/**
 * Ratio of two series measured in turn (A B A B …), pair by pair, so that a machine that drifts moves both sides.
 * @returns the median of the pairwise ratios and their extremes.
 */
export function pairedRatio(
  ours: readonly number[],
  theirs: readonly number[],
): { median: number; min: number; max: number } {
  const ratios = ours.map((value, i) => value / (theirs[i] ?? Number.NaN));
  return { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) };
}
