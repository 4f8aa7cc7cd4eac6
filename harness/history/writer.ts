import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { HistoryError } from './errors.ts';
import type { HistoryRecord } from './types.ts';
import { recordProblem } from './validate.ts';

/** A record whose `at` may be left out: the writer stamps it. */
export type Unstamped = HistoryRecord extends infer R
  ? R extends HistoryRecord
    ? Omit<R, 'at'> & { readonly at?: number }
    : never
  : never;

/** Options of `createHistory`. */
export interface HistoryOptions {
  /** NDJSON file to append to; folders are made. Default: memory only. */
  readonly path?: string;
  /** Clock in unix milliseconds with fraction; default `performance.timeOrigin + performance.now()`. */
  readonly now?: () => number;
}

/** An append-only history. Several processes may append to one file: each record is one write. */
export interface History {
  /**
   * Adds one record and returns it as stored.
   * @throws HistoryError `ERR_HISTORY_CLOSED`, `ERR_HISTORY_RECORD` (a field is missing or has the wrong type)
   */
  append(record: Unstamped): HistoryRecord;
  /** What this writer appended so far (not what other processes wrote into the same file). A live, read-only view. */
  records(): readonly HistoryRecord[];
  /** Forces the file to disk. */
  flush(): void;
  /** Flushes and closes; safe to call twice. */
  close(): void;
}

/**
 * Creates a history. Records are written synchronously, one line each, so that a process killed with SIGKILL leaves
 * everything that it saw, and at most the last line torn.
 */
export function createHistory(options: HistoryOptions = {}): History {
  const now = options.now ?? (() => performance.timeOrigin + performance.now());
  const records: HistoryRecord[] = [];
  let fd = options.path === undefined ? null : openForAppend(options.path);
  let closed = false;

  return {
    append(record) {
      if (closed) {
        throw new HistoryError('ERR_HISTORY_CLOSED', `history is closed, cannot append ${record.kind}`);
      }
      const stamped = { ...record, at: record.at ?? now() } as HistoryRecord;
      const problem = recordProblem(stamped);
      if (problem !== null) {
        throw new HistoryError('ERR_HISTORY_RECORD', `${problem}: ${JSON.stringify(stamped).slice(0, 200)}`);
      }
      if (fd !== null) writeLine(fd, stamped);
      records.push(stamped);
      return stamped;
    },
    records: () => records,
    flush() {
      if (fd !== null) fsyncSync(fd);
    },
    close() {
      closed = true;
      if (fd === null) return;
      fsyncSync(fd);
      closeSync(fd);
      fd = null;
    },
  };
}

function openForAppend(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  return openSync(path, 'a');
}

function writeLine(fd: number, record: HistoryRecord): void {
  const line = Buffer.from(`${JSON.stringify(record)}\n`);
  // A short write is legal for a disk that fills up; going on from there keeps the line whole.
  for (let sent = 0; sent < line.length; ) sent += writeSync(fd, line, sent);
}
