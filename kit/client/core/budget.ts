/** How many attempts an origin may get from all streams that share the budget. */
export interface BudgetLimits {
  /** Attempts that may come at once, and at most within `perMs`. */
  readonly attempts: number;
  /** Time in which a spent budget refills, in milliseconds. */
  readonly perMs: number;
}

/** What is left, as of `at`. */
export interface BudgetState {
  readonly left: number;
  readonly at: number;
}

/** A token bucket as a function. @returns the next state, and how long to wait; 0 when the attempt may be made. */
export function spend(limits: BudgetLimits, state: BudgetState, now: number): readonly [BudgetState, number] {
  const { attempts, perMs } = limits;
  const left = Math.min(attempts, state.left + (Math.max(0, now - state.at) * attempts) / perMs);
  if (left >= 1) return [{ left: left - 1, at: now }, 0];
  return [{ left, at: now }, Math.ceil(((1 - left) * perMs) / attempts)];
}
