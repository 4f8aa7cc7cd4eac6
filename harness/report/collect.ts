import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Mutant, RunInfo, ScenarioResult } from './types.ts';

/** A result with the folder it was found in. */
export interface Collected {
  readonly result: ScenarioResult;
  /** Absolute folder of `result.json`; the artefacts are relative to it. */
  readonly dir: string;
  /** Verdicts of earlier tries of the same run, oldest first. */
  readonly earlier: readonly ScenarioResult['verdict'][];
}

/** Everything that a report is made of. */
export interface Collection {
  readonly runs: readonly Collected[];
  readonly info: RunInfo;
  readonly mutants: readonly Mutant[];
  /** Files that should have been results and could not be read. */
  readonly broken: readonly { readonly path: string; readonly reason: string }[];
}

/** Options of `collectResults`. */
export interface CollectOptions {
  /** Folder that holds `result.json` files at any depth; `run.json` and `mutants.json` are looked for in it. */
  readonly resultsDir: string;
  /** Another place for `mutants.json`. */
  readonly mutantsFile?: string;
}

/** The key under which tries of the same run are one cell of the matrix. */
export function cellKey(result: ScenarioResult): string {
  return `${result.id} | ${result.subject} | ${result.server}`;
}

/** Reads a results folder. Of several tries of one run the last counts; earlier verdicts are kept beside it. */
export function collectResults(options: CollectOptions): Collection {
  const broken: { path: string; reason: string }[] = [];
  const tries = new Map<string, Collected[]>();
  for (const path of findResults(options.resultsDir)) {
    const read = readJson(path);
    if (!read.ok || !isResult(read.value)) {
      broken.push({ path, reason: read.ok ? 'not a scenario result' : read.reason });
      continue;
    }
    const result = read.value;
    const key = cellKey(result);
    tries.set(key, [...(tries.get(key) ?? []), { result, dir: dirname(path), earlier: [] }]);
  }
  const runs = [...tries.values()].flatMap((list) => {
    const sorted = list.toSorted((a, b) => a.result.startedAt.localeCompare(b.result.startedAt));
    const last = sorted.pop();
    return last ? [{ ...last, earlier: sorted.map((each) => each.result.verdict) }] : [];
  });
  runs.sort((a, b) => cellKey(a.result).localeCompare(cellKey(b.result)));
  const optional = <T extends object>(path: string, fallback: T): T => {
    if (!existsSync(path)) return fallback;
    const read = readJson(path);
    const isObject = read.ok && typeof read.value === 'object' && read.value !== null;
    if (isObject && Array.isArray(read.value) === Array.isArray(fallback)) return read.value as T;
    broken.push({ path, reason: read.ok ? 'not as a run writes it' : read.reason });
    return fallback;
  };
  return {
    runs,
    info: optional<RunInfo>(join(options.resultsDir, 'run.json'), {}),
    mutants: optional<readonly Mutant[]>(options.mutantsFile ?? join(options.resultsDir, 'mutants.json'), []),
    broken,
  };
}

function findResults(dir: string): readonly string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name === 'result.json')
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

type Read = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string };

function readJson(path: string): Read {
  try {
    return { ok: true, value: JSON.parse(readFileSync(path, 'utf8')) };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

function isResult(value: unknown): value is ScenarioResult {
  if (typeof value !== 'object' || value === null) return false;
  const { id, subject, server, startedAt, verdict, checks } = value as Record<string, unknown>;
  return (
    [id, subject, server, startedAt].every((field) => typeof field === 'string') &&
    (verdict === true || verdict === false || verdict === 'unknown' || verdict === 'absent') &&
    typeof checks === 'object' &&
    checks !== null
  );
}
