import { readFileSync } from 'node:fs';
import type { HistoryRecord } from './types.ts';
import { recordProblem } from './validate.ts';

/** A line of a history file that is not a record. */
export interface HistoryProblem {
  /** Line number, from 1. */
  readonly line: number;
  /** `torn`: the last line has no line end (its writer was killed or is still writing). */
  readonly what: 'torn' | 'invalid';
  readonly reason: string;
  /** The line, shortened to 200 characters. */
  readonly text: string;
}

/** A history as read: what is whole, and what is not. Nothing is swallowed. */
export interface HistoryFile {
  readonly records: readonly HistoryRecord[];
  readonly problems: readonly HistoryProblem[];
}

/** Reads a history file. @throws the error of `fs` when it cannot be read. */
export function readHistory(path: string): HistoryFile {
  return parseHistory(readFileSync(path, 'utf8'));
}

/**
 * Parses NDJSON text. A last line without line end is reported as torn even if it happens to be whole JSON, because a
 * number may have lost its last digits; it is not among the records.
 */
export function parseHistory(text: string): HistoryFile {
  const records: HistoryRecord[] = [];
  const problems: HistoryProblem[] = [];
  const lines = text.split('\n');
  const rest = lines.pop() ?? '';
  lines.forEach((line, index) => {
    if (line.trim() === '') return;
    const parsed = parseLine(line);
    if (parsed.ok) records.push(parsed.record);
    else problems.push({ line: index + 1, what: 'invalid', reason: parsed.reason, text: line.slice(0, 200) });
  });
  if (rest !== '') {
    problems.push({
      line: lines.length + 1,
      what: 'torn',
      reason: 'the last line has no line end',
      text: rest.slice(0, 200),
    });
  }
  return { records, problems };
}

type Parsed =
  | { readonly ok: true; readonly record: HistoryRecord }
  | { readonly ok: false; readonly reason: string };

function parseLine(line: string): Parsed {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
  const problem = recordProblem(value);
  return problem === null ? { ok: true, record: value as HistoryRecord } : { ok: false, reason: problem };
}
