import type { HistoryRecord } from '../history/types.ts';
import type { Records, Verdict } from './types.ts';

/** Fields shown first, so that lines of one kind align. */
const HEAD = new Set(['at', 'kind', 'subject', 'id', 'digest', 'base64']);

/**
 * Formats records for an assertion failure: one line each, times relative to the first (or to `since`, unix ms).
 * Payload bytes are left out, digests shortened.
 */
export function formatSlice(records: Records, since?: number): string {
  const start = since ?? records[0]?.at ?? 0;
  const who = (record: HistoryRecord) => ('subject' in record ? (record.subject ?? '') : '');
  const width = Math.max(0, ...records.map((record) => who(record).length));
  return records
    .map((record) => {
      const time = `${record.at >= start ? '+' : '-'}${(Math.abs(record.at - start) / 1000).toFixed(3)}s`;
      const id = 'id' in record ? String(record.id) : '';
      const line = `${time.padStart(9)}  ${who(record).padEnd(width)}  ${record.kind.padEnd(10)} ${id}`;
      return `${line} ${details(record)}`.trimEnd();
    })
    .join('\n');
}

/** Formats what is wrong with a run: each check that is not true, with its offending slice. Empty when all hold. */
export function formatVerdict(verdict: Verdict): string {
  return [...verdict.failed, ...verdict.unknown]
    .map((name) => {
      const check = verdict.checks[name];
      if (!check) return name;
      const mark = check.valid === false ? '✗' : '?';
      const slice = formatSlice(check.evidence).replace(/^/gm, '    ');
      return check.evidence.length > 0
        ? `${mark} ${name}: ${check.summary}\n${slice}`
        : `${mark} ${name}: ${check.summary}`;
    })
    .join('\n');
}

function details(record: HistoryRecord): string {
  return Object.entries(record)
    .filter(([name, value]) => !HEAD.has(name) && value !== undefined)
    .map(([name, value]) => `${name}=${shorten(typeof value === 'string' ? value : JSON.stringify(value))}`)
    .join(' ');
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
