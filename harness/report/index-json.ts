import { relative } from 'node:path';
import type { Collected, Collection } from './collect.ts';
import type { Finding, Mutant, ScenarioResult } from './types.ts';

/** Group of the results that say what a browser did, and not how it fared. */
export const BROWSER_FACTS = 'browser-facts';

/** Numbers by verdict. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly unknown: number;
  readonly absent: number;
}

/** One run in `index.json`. */
export interface IndexEntry {
  readonly id: string;
  readonly group: string;
  readonly subject: string;
  readonly subjectKind: 'kit' | 'peer';
  readonly subjectVersion?: string;
  readonly server: string;
  readonly verdict: ScenarioResult['verdict'];
  /** Why, in a sentence. */
  readonly summary: string;
  readonly failed: readonly string[];
  readonly unknown: readonly string[];
  readonly guarantee: string;
  readonly seed: string;
  readonly startedAt: string;
  readonly durationMs: number;
  /** Verdicts of earlier tries; a run that changed its verdict is flaky. */
  readonly earlier: readonly ScenarioResult['verdict'][];
  /** Artefacts by name, relative to the report's folder, with forward slashes. */
  readonly artefacts: Readonly<Record<string, string>>;
}

/** The report as data: `index.json`, described by `index.schema.json`. */
export interface CollectedIndex {
  readonly schemaVersion: 1;
  readonly generatedAt: string;
  readonly seed: string;
  readonly engine: string;
  readonly browsers: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Whose server was judged by the kit's client; default: the kit is judged. */
  readonly judged?: string;
  readonly counts: Counts;
  /** The kit's own runs: these gate. */
  readonly gating: Counts;
  readonly results: readonly IndexEntry[];
  readonly absent: readonly { readonly subject: string; readonly reason: string }[];
  readonly scoreboard: readonly (Counts & { readonly subject: string })[];
  readonly mutants: readonly Mutant[];
  readonly findings: readonly (Finding & { readonly id: string; readonly subject: string })[];
  readonly broken: readonly { readonly path: string; readonly reason: string }[];
}

/** Turns collected results into the data of the report. `now` stamps it. */
export function indexOf(collection: Collection, outDir: string, now: Date): CollectedIndex {
  const { runs, info, mutants, broken } = collection;
  const results = runs.map((run) => entryOf(run, outDir));
  const some = runs.map((run) => run.result);
  return {
    schemaVersion: 1,
    generatedAt: now.toISOString(),
    seed: info.seed ?? unique(some.map((r) => r.seed)).join(', '),
    engine:
      unique((info.engine ? [info.engine] : some.map((r) => r.engine)).map(engineName)).join('; ') || 'none',
    browsers: unique(
      [...(info.browsers ?? []), ...some.flatMap((r) => r.browser ?? [])].map(
        (b) => `${b.name} ${b.version}`,
      ),
    ),
    environment: info.environment ?? {},
    ...(info.judged === undefined ? {} : { judged: info.judged }),
    counts: countOf(results),
    gating: countOf(results.filter((each) => each.subjectKind === 'kit')),
    results,
    absent: absentOf(collection),
    scoreboard: scoreboardOf(results),
    mutants,
    findings: some.flatMap((r) => (r.findings ?? []).map((f) => ({ ...f, id: r.id, subject: r.subject }))),
    broken: broken.map(({ path, reason }) => ({ path: slashes(relative(outDir, path)), reason })),
  };
}

function entryOf({ result, dir, earlier }: Collected, outDir: string): IndexEntry {
  const by = (valid: boolean | 'unknown') =>
    Object.entries(result.checks)
      .filter(([, check]) => check.valid === valid)
      .map(([name]) => name);
  const failed = by(false);
  const unknown = by('unknown');
  const [first] = [...failed, ...unknown];
  const because = first === undefined ? '' : `${first}: ${result.checks[first]?.summary ?? ''}`;
  const artefacts = Object.entries(result.artefacts).flatMap(([name, path]) =>
    path === undefined ? [] : [[name, slashes(relative(outDir, `${dir}/${path}`))] as const],
  );
  return {
    id: result.id,
    group: result.id.split('/')[0] ?? result.id,
    subject: result.subject,
    subjectKind: result.subjectKind,
    ...(result.subjectVersion === undefined ? {} : { subjectVersion: result.subjectVersion }),
    server: result.server,
    verdict: result.verdict,
    summary: result.absentReason ?? result.error ?? because,
    failed,
    unknown,
    guarantee: result.guarantee,
    seed: result.seed,
    startedAt: result.startedAt,
    durationMs: result.durationMs,
    earlier,
    artefacts: Object.fromEntries(artefacts),
  };
}

function absentOf(collection: Collection): CollectedIndex['absent'] {
  const listed = collection.info.absent ?? [];
  const known = new Set(listed.map((each) => each.subject));
  const reasons = new Map<string, Set<string>>();
  const present = new Set<string>();
  for (const { result } of collection.runs) {
    if (result.verdict !== 'absent') present.add(result.subject);
    else
      reasons.set(
        result.subject,
        (reasons.get(result.subject) ?? new Set()).add(result.absentReason ?? 'no reason given'),
      );
  }
  const derived = [...reasons].filter(([subject]) => !present.has(subject) && !known.has(subject));
  return [...listed, ...derived.map(([subject, why]) => ({ subject, reason: [...why].join('; ') }))];
}

function scoreboardOf(results: readonly IndexEntry[]): CollectedIndex['scoreboard'] {
  // What a browser does by itself is a fact and no achievement.
  const peers = results.filter((each) => each.subjectKind === 'peer' && each.group !== BROWSER_FACTS);
  const name = (each: IndexEntry) =>
    each.subjectVersion ? `${each.subject} ${each.subjectVersion}` : each.subject;
  return unique(peers.map(name))
    .map((subject) => ({ subject, ...countOf(peers.filter((each) => name(each) === subject)) }))
    .sort((a, b) => b.passed - a.passed || a.failed - b.failed || a.subject.localeCompare(b.subject));
}

function countOf(results: readonly IndexEntry[]): Counts {
  const count = (verdict: IndexEntry['verdict']) => results.filter((each) => each.verdict === verdict).length;
  return { passed: count(true), failed: count(false), unknown: count('unknown'), absent: count('absent') };
}

function engineName(engine: ScenarioResult['engine']): string {
  const name = {
    toxiproxy: 'Toxiproxy',
    embedded: 'embedded proxy (not Toxiproxy)',
    virtual: 'virtual network',
    none: 'no proxy',
  }[engine.name];
  return [name, engine.version, engine.source && `(${engine.source})`].filter(Boolean).join(' ');
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}

function slashes(path: string): string {
  return path.replaceAll('\\', '/');
}
