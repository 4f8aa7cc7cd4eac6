/** Unix milliseconds with fraction: the one clock of a history. Monotonic within a process. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
