import type { Outcome } from '../../harness/cli/outcome.ts';

/** How one scenario met one mutant. */
export type Conviction =
  /** The scenario is true without the bug and not with it: it caught the bug. */
  | { readonly kind: 'caught'; readonly by: string; readonly how: string }
  | { readonly kind: 'passed'; readonly by: string }
  /** It says nothing about the bug, and why. */
  | { readonly kind: 'mute'; readonly by: string; readonly why: string };

/** Checks of time and number, which a machine under load can fail without any bug. */
const TIMED = new Set(['detect', 'reconnect', 'heal', 'catch-up', 'attempts', 'alarm', 'silence', 'memory']);

/** Judges a scenario's outcome with a bug beside the same scenario's without it, in the same run. */
export function convict(baseline: Outcome | undefined, mutated: Outcome): Conviction {
  const by = mutated.id;
  if (baseline?.verdict !== true) {
    return { kind: 'mute', by, why: `${baseline?.verdict ?? 'not run'} without the bug` };
  }
  if (mutated.verdict === 'skipped') return { kind: 'mute', by, why: mutated.reason };
  if (mutated.verdict === true) return { kind: 'passed', by };
  const [first] = mutated.complaints;
  if (mutated.verdict === false && first)
    return { kind: 'caught', by, how: `${first.check}: ${first.summary}` };
  // A wait for something that the client should have done is a finding; a server that did not start is none.
  if (mutated.error?.includes('in vain until')) return { kind: 'caught', by, how: mutated.error };
  if (first) return { kind: 'caught', by, how: `${first.check}: ${first.summary}` };
  return { kind: 'mute', by, why: mutated.error ?? 'unknown without a reason' };
}

/** Whether an outcome could be the machine's and not the bug's, so that it has to happen twice to count. */
export function wantsConfirmation(outcome: Outcome): boolean {
  if (outcome.verdict === 'unknown') return true;
  return outcome.verdict === false && outcome.complaints.every(({ check }) => TIMED.has(check));
}
