import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { encodeFrame, formatPosition, type Position } from '../protocol/index.ts';
import type {
  EventDraft,
  FrameBatch,
  LogHost,
  LogRead,
  MaybePromise,
  ReadLimit,
  ReplayLog,
} from '../server/replay-log.ts';

/** Retention that a case asks for. Absent bounds are the subject's defaults, which must hold at least 5,000 small events. */
export interface ContractRetention {
  readonly maxEvents?: number;
  readonly maxBytes?: number;
  readonly maxAgeMs?: number;
}

/** The log under test. A fresh one for each case: `dispose` is called at its end, passed or failed. */
export interface LogSubject {
  /** Makes a log over new, empty storage; not opened yet. */
  create(retention: ContractRetention): MaybePromise<ReplayLog>;
  /** Makes another log over the storage of the last `create`, after that one was closed. Absent: contents die with the log. */
  reopen?(): MaybePromise<ReplayLog>;
  /** Makes another log over the storage of the last `create` while that one is open. Absent: the storage has one owner. */
  second?(): MaybePromise<ReplayLog>;
  /** Removes the storage. Logs that the case left open are closed already. */
  dispose(): MaybePromise<void>;
}

/** What a subject must offer for a case to apply. */
export type ContractNeed = 'reopen' | 'second';

export const WIDE: ReadLimit = { maxEvents: 1_000_000, maxBytes: 1 << 30 };
export const START_UNIX_MS = 1_700_000_000_000;
const DEADLINE_MS = 10_000;

/** Everything one case works with: logs that get closed, a settable clock, a host that counts its calls. */
export class Bench {
  readonly #subject: LogSubject;
  readonly #open: ReplayLog[] = [];
  unixMs = START_UNIX_MS;
  advanced = 0;
  encoded = 0;
  readonly failures: Error[] = [];

  constructor(subject: LogSubject) {
    this.#subject = subject;
  }

  host(): LogHost {
    return {
      encode: (position, draft) => {
        this.encoded += 1;
        return encodeFrame({ id: formatPosition(position), event: draft.type, data: draft.data });
      },
      advanced: () => {
        this.advanced += 1;
      },
      failed: (error) => {
        this.failures.push(error);
      },
      now: () => this.unixMs,
    };
  }

  create(retention: ContractRetention = {}): Promise<ReplayLog> {
    return this.#opened(this.#subject.create(retention));
  }

  reopen(): Promise<ReplayLog> {
    assert.ok(this.#subject.reopen, 'case needs reopen');
    return this.#opened(this.#subject.reopen());
  }

  second(): Promise<ReplayLog> {
    assert.ok(this.#subject.second, 'case needs second');
    return this.#opened(this.#subject.second());
  }

  async #opened(made: MaybePromise<ReplayLog>): Promise<ReplayLog> {
    const log = await made;
    this.#open.push(log);
    await log.open(this.host());
    return log;
  }

  draft(n: number, bytes = 10): EventDraft {
    return { type: 'tick', data: JSON.stringify({ n, pad: 'x'.repeat(bytes) }), unixMs: this.unixMs };
  }

  /** Publishes `count` events, not waiting between them. */
  async publish(log: ReplayLog, from: number, count: number, bytes?: number): Promise<Position[]> {
    const appended: MaybePromise<Position>[] = [];
    for (let n = from; n < from + count; n++) appended.push(log.append(this.draft(n, bytes)));
    return Promise.all(appended);
  }

  async dispose(): Promise<void> {
    for (const log of this.#open) await log.close();
    await this.#subject.dispose();
  }
}

/** Reads everything after a cursor, in reads of the given limit. Fails on `gone`. */
export async function readAll(log: ReplayLog, after: Position, limit: ReadLimit = WIDE): Promise<string[]> {
  const frames: string[] = [];
  let cursor = after;
  for (;;) {
    const read = await log.read(cursor, limit);
    if (read.kind === 'caught-up') return frames;
    const batch = batchOf(read, cursor);
    const texts = split(batch);
    assert.equal(
      texts.length,
      batch.lastSeq - batch.firstSeq + 1,
      'a batch holds whole frames, one per sequence',
    );
    frames.push(...texts);
    cursor = { epoch: cursor.epoch, seq: batch.lastSeq };
  }
}

function split(batch: FrameBatch): string[] {
  const text = Buffer.from(batch.bytes).toString('utf8');
  assert.ok(text.endsWith('\n\n'), 'a batch ends with a whole frame');
  return text.slice(0, -2).split('\n\n');
}

export function batchOf(read: LogRead, cursor: Position): FrameBatch {
  assert.equal(read.kind, 'batch', `read after ${formatPosition(cursor)} must return frames`);
  assert.ok(read.kind === 'batch');
  assert.equal(read.firstSeq, cursor.seq + 1, 'a batch begins right after the cursor');
  return read;
}

function idOf(frame: string): string {
  return /^id: (.*)$/m.exec(frame)?.[1] ?? assert.fail(`frame without id: ${frame}`);
}

export function numberOf(frame: string): number {
  const data = /^data: ([^\n]*)$/m.exec(frame)?.[1] ?? assert.fail(`frame without data: ${frame}`);
  const { n } = JSON.parse(data) as { n: number };
  return n;
}

/** Frames must be exactly the sequences `first..last` of an epoch, and carry the numbers `n` that were published so. */
export function assertExactly(frames: readonly string[], epoch: string, first: number, last: number): void {
  const expected = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => `${epoch}.${first + i}`);
  assert.deepEqual(frames.map(idOf), expected);
}

export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

export async function rejection(
  run: () => MaybePromise<unknown>,
): Promise<{ code?: unknown; message: string }> {
  try {
    await run();
  } catch (error) {
    assert.ok(error instanceof Error);
    return error as Error & { code?: unknown };
  }
  return assert.fail('expected a rejection');
}

/** Waits until a condition holds: another instance's news travel through the store. */
export async function eventually(what: string, holds: () => MaybePromise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) assert.fail(`not within ${DEADLINE_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
