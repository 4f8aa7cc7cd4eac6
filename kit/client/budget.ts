import { filled, refuse } from './config.ts';
import { type BudgetLimits, type BudgetState, spend } from './core/budget.ts';

/** Attempts shared by every client it is given to, counted for each origin by itself. */
export interface RetryBudget {
  /** Asks for one attempt. @returns how long to wait before asking again, in milliseconds; 0 when it is granted. */
  take(origin: string, now: number): number;
}

/**
 * Makes a budget, for the option `budget` of several clients. It is passed in, not global: two parts of a program may
 * have one each.
 * @param limits default 30 attempts a minute.
 * @throws SseKitError `ERR_INVALID_OPTION`
 */
export function createRetryBudget(limits: Partial<BudgetLimits> = {}): RetryBudget {
  const whole = filled('budget.', { attempts: 30, perMs: 60_000 }, limits);
  const { attempts } = whole;
  if (attempts < 1) refuse('budget.attempts', attempts, 'must be at least 1');
  const states = new Map<string, BudgetState>();
  return {
    take(origin, now) {
      const [state, waitMs] = spend(whole, states.get(origin) ?? { left: attempts, at: now }, now);
      states.set(origin, state);
      return waitMs;
    },
  };
}
