import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BudgetState, spend } from './budget.ts';

describe('a budget', () => {
  const limits = fc.record({
    attempts: fc.integer({ min: 1, max: 50 }),
    perMs: fc.integer({ min: 1, max: 100_000 }),
  });
  const pauses = fc.array(fc.nat(20_000), { maxLength: 200 });

  it('grants at most its attempts and what refilled since, whatever the times', () => {
    fc.assert(
      fc.property(limits, pauses, (bounds, waits) => {
        let state: BudgetState = { left: bounds.attempts, at: 0 };
        let now = 0;
        let granted = 0;
        for (const wait of waits) {
          now += wait;
          const [next, waitMs] = spend(bounds, state, now);
          state = next;
          if (waitMs === 0) granted++;
          expect(granted).toBeLessThanOrEqual(
            bounds.attempts + (now * bounds.attempts) / bounds.perMs + 1e-6,
          );
        }
      }),
    );
  });

  it('grants an attempt to who waited as long as it said, and not before there is one', () => {
    fc.assert(
      fc.property(limits, fc.double({ min: 0, max: 0.999, noNaN: true }), (bounds, left) => {
        const [state, waitMs] = spend(bounds, { left, at: 0 }, 0);
        expect(waitMs).toBeGreaterThan(0);
        // A wait is whole milliseconds; rounding may cost one more.
        expect(spend(bounds, state, waitMs + 1)[1]).toBe(0);
      }),
    );
  });

  it('does not refill when the clock runs backwards', () => {
    expect(spend({ attempts: 2, perMs: 1000 }, { left: 0, at: 5000 }, 0)).toEqual([{ left: 0, at: 0 }, 500]);
  });
});
