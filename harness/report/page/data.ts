import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readHistory } from '../../history/reader.ts';
import { formatSlice } from '../../oracle/format.ts';
import { worst } from '../../oracle/results.ts';
import type { CheckResult, Verdict } from '../../oracle/types.ts';
import type { Collected, Collection } from '../collect.ts';
import type { CollectedIndex, IndexEntry } from '../index-json.ts';
import { type TimelineModel, timelineOf } from '../timeline/model.ts';
import type { ScenarioResult } from '../types.ts';

/** A check as the page shows it. */
export interface PageCheck {
  readonly name: string;
  readonly valid: CheckResult['valid'];
  readonly applied: boolean;
  readonly summary: string;
  /** The offending slice, formatted. */
  readonly slice: string;
  readonly counts: string;
}

/** One cell of the matrix with what it opens. */
export interface PageCell extends IndexEntry {
  readonly hypothesis: string;
  readonly steadyState: string;
  readonly faultPlan: readonly string[];
  readonly budget: readonly string[];
  readonly network: string;
  readonly browser: string;
  readonly checks: readonly PageCheck[];
  readonly metrics: readonly { readonly name: string; readonly before: string; readonly after: string }[];
  readonly timeline: TimelineModel | null;
}

/** All that the page knows. */
export interface PageData {
  readonly index: CollectedIndex;
  readonly cells: readonly PageCell[];
}

/** Gathers the data of the page; reads the history of each run for its timeline. */
export function pageData(collection: Collection, index: CollectedIndex): PageData {
  const cells = collection.runs.flatMap((run, i) => {
    const entry = index.results[i];
    return entry ? [cellOf(run, entry)] : [];
  });
  return { index, cells };
}

function cellOf(run: Collected, entry: IndexEntry): PageCell {
  const { result } = run;
  return {
    ...entry,
    hypothesis: result.hypothesis,
    steadyState: result.steadyState,
    faultPlan: result.faultPlan,
    budget: flatten(result.budget),
    network: [result.engine.name, result.engine.version].filter(Boolean).join(' '),
    browser: result.browser ? `${result.browser.name} ${result.browser.version}` : '',
    checks: Object.entries(result.checks)
      .map(([name, check]) => pageCheck(name, check))
      .sort((a, b) => rank(a) - rank(b)),
    metrics: metricsOf(result),
    timeline: timelineFor(run),
  };
}

function pageCheck(name: string, check: CheckResult): PageCheck {
  return {
    name,
    valid: check.valid,
    applied: check.applied,
    summary: check.summary,
    slice: check.valid === true ? '' : formatSlice(check.evidence),
    counts: Object.entries(check.counts)
      .map(([key, value]) => `${key} ${value}`)
      .join(', '),
  };
}

/** What is wrong first, what was not looked at last. */
function rank(check: PageCheck): number {
  if (check.valid === false) return 0;
  if (check.valid === 'unknown') return 1;
  return check.applied ? 2 : 3;
}

function metricsOf(result: ScenarioResult): PageCell['metrics'] {
  const { before = {}, after = {} } = result.metrics ?? {};
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const text = (value: number | undefined) =>
    value === undefined ? '' : String(Math.round(value * 1000) / 1000);
  // What stayed at nothing says nothing.
  return names
    .filter((name) => before[name] || after[name])
    .map((name) => ({ name, before: text(before[name]), after: text(after[name]) }));
}

/** The timeline needs no judging: the evidence is already in the checks. */
function timelineFor({ result, dir }: Collected): TimelineModel | null {
  const path = result.artefacts.history && join(dir, result.artefacts.history);
  if (!path || !existsSync(path)) return null;
  const { records } = readHistory(path);
  if (records.length === 0) return null;
  const failed = Object.keys(result.checks).filter((name) => result.checks[name]?.valid === false);
  const verdict: Verdict = {
    verdict: worst(Object.values(result.checks).map((check) => check.valid)),
    summary: '',
    failed,
    unknown: [],
    checks: result.checks,
    expectation: { guarantee: result.guarantee },
    records: records.length,
  };
  return timelineOf(records, verdict);
}

function flatten(value: object, prefix = ''): readonly string[] {
  return Object.entries(value).flatMap(([key, each]: [string, unknown]) => {
    const name = prefix ? `${prefix}.${key}` : key;
    if (typeof each === 'object' && each !== null) return flatten(each, name);
    return [`${name} ${each === null ? 'unlimited' : String(each)}`];
  });
}
