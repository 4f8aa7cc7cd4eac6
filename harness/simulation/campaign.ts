import { Coverage } from './coverage.ts';
import { scheduleOf } from './generate.ts';
import type { Tampering } from './run.ts';
import type { Schedule } from './schedule.ts';
import { shrink } from './shrink.ts';
import { simulate } from './simulate.ts';

/** A schedule that broke a promise, with the smallest one that breaks it in the same way. */
export interface Conviction {
  readonly seed: number;
  readonly index: number;
  /** The check that decides, and what it says of the smallest schedule. */
  readonly check: string;
  readonly summary: string;
  readonly schedule: Schedule;
}

export interface CampaignOptions {
  readonly seed: number;
  /** How many schedules, from the first. */
  readonly schedules: number;
  readonly tampering?: Tampering;
  /** Aborted when time is up or nobody wants to know more: what is known by then is the result. */
  readonly signal?: AbortSignal;
  readonly onPlayed?: (played: number, failed: number) => void;
}

/** What many schedules came to. */
export interface Campaign {
  readonly seed: number;
  readonly passed: number;
  readonly failed: number;
  readonly unknown: number;
  /** One for each check that failed: its first schedule, shrunk. */
  readonly convictions: readonly Conviction[];
  readonly coverage: Coverage;
  /** Virtual time that all schedules took together. */
  readonly virtualMs: number;
  /** Real time, shrinking not counted. */
  readonly tookMs: number;
}

/** Plays the schedules of a seed, judges each, and shrinks the first that fails each check. */
export async function runCampaign(options: CampaignOptions): Promise<Campaign> {
  const { seed, schedules, tampering = {}, signal, onPlayed } = options;
  const counts = { passed: 0, failed: 0, unknown: 0 };
  const first = new Map<string, number>();
  const coverage = new Coverage();
  let virtualMs = 0;
  const startedAt = performance.now();
  for (let index = 0; index < schedules && !signal?.aborted; index++) {
    const simulated = await simulate(scheduleOf(seed, index), tampering).catch((cause: unknown) => {
      throw new Error(`schedule ${seed}:${index} came to no end: ${cause}`, { cause });
    });
    const { verdict } = simulated.verdict;
    counts[verdict === true ? 'passed' : verdict === false ? 'failed' : 'unknown']++;
    virtualMs += simulated.virtualMs;
    coverage.add(simulated);
    const check = decisive(simulated.verdict);
    if (check !== null && !first.has(check)) first.set(check, index);
    onPlayed?.(index + 1, counts.failed + counts.unknown);
  }
  const tookMs = performance.now() - startedAt;
  const convictions: Conviction[] = [];
  for (const [check, index] of first) convictions.push(await convict(check, seed, index, tampering));
  return { seed, ...counts, convictions, coverage, virtualMs, tookMs };
}

/**
 * Shrinks the schedule of a number to the smallest one that fails the same check.
 * @param mostRuns see `shrink`.
 */
export async function convict(
  check: string,
  seed: number,
  index: number,
  tampering: Tampering = {},
  mostRuns?: number,
): Promise<Conviction> {
  let summary = '';
  const fails = async (schedule: Schedule): Promise<boolean> => {
    const { verdict } = await simulate(schedule, tampering);
    const result = verdict.checks[check];
    if (!result || result.valid === true) return false;
    summary = result.summary;
    return true;
  };
  const whole = scheduleOf(seed, index);
  await fails(whole);
  return { seed, index, check, schedule: await shrink(whole, fails, mostRuns), summary };
}

/** The check that decides a verdict; `null` when all hold. */
export function decisive({ failed, unknown }: { failed: readonly string[]; unknown: readonly string[] }) {
  return failed[0] ?? unknown[0] ?? null;
}
