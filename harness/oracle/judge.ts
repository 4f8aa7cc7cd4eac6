import type { HistoryProblem } from '../history/reader.ts';
import { announcedLoss } from './checks/announced.ts';
import { duplicates, wireDuplicates } from './checks/duplicates.ts';
import { wireHoles } from './checks/holes.ts';
import { corruption, fabricated, unexpected } from './checks/integrity.ts';
import { loss } from './checks/loss.ts';
import { order } from './checks/order.ts';
import { attempts, herd, hotLoop } from './checks/pressure.ts';
import { faultProven, giveUp, sentinel } from './checks/proof.ts';
import { catchUp, detect, heal, reconnect } from './checks/recovery.ts';
import { leaks, memory } from './checks/resources.ts';
import { resume, unresumed } from './checks/resume.ts';
import { alarm, blindHeartbeats, silence } from './checks/silence.ts';
import { few, notApplied, undecided, worst } from './results.ts';
import type { Checker, CheckName, CheckResult, Expectation, Records, Verdict } from './types.ts';

/** Every checker by its stable name. */
export const checkers: Readonly<Record<Exclude<CheckName, 'history'>, Checker>> = {
  loss,
  unexpected,
  corruption,
  duplicates,
  'wire-duplicates': wireDuplicates,
  'wire-holes': wireHoles,
  order,
  resume,
  unresumed,
  'announced-loss': announcedLoss,
  silence,
  'blind-heartbeats': blindHeartbeats,
  alarm,
  detect,
  reconnect,
  heal,
  'catch-up': catchUp,
  attempts,
  herd,
  'hot-loop': hotLoop,
  leaks,
  memory,
  'give-up': giveUp,
  fabricated,
  'fault-proven': faultProven,
  sentinel,
};

/** What `judge` may be told beyond the history. */
export interface JudgeOptions {
  /** Lines of the history file that could not be read: they make the verdict unknown. */
  readonly problems?: readonly HistoryProblem[];
  /** Checkers to run; default all. */
  readonly checkers?: Readonly<Record<string, Checker>>;
}

/**
 * Judges a run: every checker over the same history, composed as in Jepsen (false outweighs unknown outweighs true;
 * a checker that crashes is unknown, with its error).
 */
export function judge(history: Records, expectation: Expectation, options: JudgeOptions = {}): Verdict {
  const checks: Record<string, CheckResult> = {};
  for (const [name, checker] of Object.entries(options.checkers ?? checkers)) {
    checks[name] = asIntended(name, run(checker, history, expectation), expectation);
  }
  checks.history = readable(history, options.problems ?? [], expectation);
  const named = Object.entries(checks);
  const failed = named.filter(([, result]) => result.valid === false).map(([name]) => name);
  const unknown = named.filter(([, result]) => result.valid === 'unknown').map(([name]) => name);
  const verdict = worst(named.map(([, result]) => result.valid));
  const [decisive] = [...failed, ...unknown];
  const summary = decisive
    ? `${few([...failed, ...unknown])}: ${checks[decisive]?.summary ?? ''}`
    : `${named.filter(([, result]) => result.applied).length} checks hold`;
  return { verdict, summary, failed, unknown, checks, expectation, records: history.length };
}

function run(checker: Checker, history: Records, expectation: Expectation): CheckResult {
  try {
    return checker(history, expectation);
  } catch (error) {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { ...undecided(`the checker crashed: ${message}`), error: message };
  }
}

/** A scenario that provokes a defect on purpose passes when the defect is found. */
function asIntended(name: string, result: CheckResult, expectation: Expectation): CheckResult {
  if (!expectation.convicts?.some((each) => each === name) || result.valid === 'unknown') return result;
  return result.valid
    ? { ...result, valid: false, applied: true, summary: `should have found something: ${result.summary}` }
    : { ...result, valid: true, summary: `found, as intended: ${result.summary}` };
}

function readable(
  history: Records,
  problems: readonly HistoryProblem[],
  { subjects = [] }: Expectation,
): CheckResult {
  const counts = { records: history.length, problems: problems.length };
  if (history.length === 0) return undecided('the history is empty', [], counts);
  const present = new Set(history.flatMap((r) => ('subject' in r ? [r.subject] : [])));
  const missing = subjects.filter((name) => !present.has(name));
  if (missing.length > 0) return undecided(`nothing was seen of ${few(missing)}`, [], counts);
  const [first] = problems;
  if (!first) return notApplied(`${history.length} records`, counts);
  const text = `line ${first.line} is ${first.what}: ${first.reason}`;
  return undecided(`${problems.length} unreadable lines; ${text}`, [], counts);
}
