import type { HistoryRecord } from '../history/types.ts';
import type { CheckResult, Records, Validity } from './types.ts';

/** Most records of evidence kept per check: enough to see the fault, small enough to read. */
export const MAX_EVIDENCE = 24;

type Counts = Readonly<Record<string, number>>;

/** The property holds. */
export function pass(summary: string, counts: Counts = {}): CheckResult {
  return { valid: true, summary, evidence: [], counts, applied: true };
}

/** There was nothing to look at, or nothing was asked: holds vacuously, and says so. */
export function notApplied(summary: string, counts: Counts = {}): CheckResult {
  return { valid: true, summary, evidence: [], counts, applied: false };
}

/** The property is broken, and here is the proof. */
export function fail(summary: string, evidence: Records, counts: Counts = {}): CheckResult {
  return { valid: false, summary, evidence: cap(evidence), counts, applied: true };
}

/** Cannot be decided from what was recorded. */
export function undecided(summary: string, evidence: Records = [], counts: Counts = {}): CheckResult {
  return { valid: 'unknown', summary, evidence: cap(evidence), counts, applied: true };
}

/** Passes without offences, otherwise fails with them. */
export function unless(
  offences: Records,
  summaries: { readonly ok: string; readonly bad: string },
  counts: Counts = {},
): CheckResult {
  return offences.length === 0 ? pass(summaries.ok, counts) : fail(summaries.bad, offences, counts);
}

/** false > unknown > true. */
export function worst(all: Iterable<Validity>): Validity {
  let result: Validity = true;
  for (const one of all) {
    if (one === false) return false;
    if (one === 'unknown') result = 'unknown';
  }
  return result;
}

/** `1 event`, `2 events`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Milliseconds for a person: `12 ms`, `3.4 s`. */
export function ms(value: number): string {
  return Math.abs(value) < 1000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`;
}

/** First few names of many. */
export function few(names: readonly string[], most = 5): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

function cap(evidence: Records): Records {
  return [...new Set<HistoryRecord>(evidence)].sort((a, b) => a.at - b.at).slice(0, MAX_EVIDENCE);
}
