import { describe, expect, it } from 'vitest';
import { judge } from '../judge.ts';
import { STRICT } from '../testing/build.ts';
import { deliveryBugs } from './delivery.ts';
import { holeBugs } from './holes.ts';
import { livenessBugs } from './liveness.ts';
import { pressureBugs } from './pressure.ts';
import { resumeBugs } from './resume.ts';

const bugs = [...deliveryBugs, ...resumeBugs, ...holeBugs, ...livenessBugs, ...pressureBugs];

describe('seeded-bug histories', () => {
  it('cover every check and number at least 40, each lie once', () => {
    expect(bugs.length).toBeGreaterThanOrEqual(40);
    expect(new Set(bugs.map((bug) => bug.lie)).size).toBe(bugs.length);
    const all = Object.keys(judge([], STRICT).checks);
    expect([...new Set(bugs.map((bug) => bug.convicts))].sort()).toEqual(all.sort());
  });

  it.each(bugs)(
    '$convicts convicts: $lie',
    ({ convicts, as, history, expectation = STRICT, problems = [] }) => {
      const verdict = judge(history(), expectation, { problems });
      const { failed, unknown } = verdict;
      const convicted =
        as === 'unknown' ? { failed: [], unknown: [convicts] } : { failed: [convicts], unknown: [] };
      expect({ failed, unknown }).toEqual(convicted);
      expect(verdict.verdict).toBe(as ?? false);
      expect(verdict.checks[convicts]?.error).toBeUndefined();
    },
  );

  it('convictions come with evidence', () => {
    // Proof by absence (too few attempts, an announcement that is not there) has no record to show.
    const byAbsence = new Set(['the log was lost, and nobody says so']);
    const bare = bugs
      .filter((bug) => bug.as === undefined && !byAbsence.has(bug.lie))
      .filter((bug) => {
        const verdict = judge(bug.history(), bug.expectation ?? STRICT);
        return verdict.checks[bug.convicts]?.evidence.length === 0;
      });
    expect(bare.map((bug) => bug.lie)).toEqual([]);
  });
});
