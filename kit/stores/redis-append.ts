import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEpoch, quote, SseKitError } from '../protocol/index.ts';
import type { AppendGroup, CommitResult } from './append-queue.ts';
import { unavailable } from './redis-connection.ts';
import { type RedisBounds, readAnswer } from './redis-entry.ts';
import { REDIS_FORMAT } from './redis-scripts.ts';
import type { RedisPort } from './redis-store.ts';

/** What storing a group asks of its log. */
export interface AppendLog {
  readonly name: string;
  readonly port: RedisPort;
  /** Aborted when nothing more is waited for. */
  readonly closing: AbortSignal;
  fenceLeftMs(): number;
  /** Most events, most bytes, and the deadline of the oldest: what Redis trims by. */
  retentionArgs(): readonly string[];
  /** The group is in Redis, beginning with this sequence. */
  stored(group: AppendGroup, bounds: RedisBounds, firstSeq: number): Promise<void>;
  /** Redis is not where this process thought: look anew. */
  compare(): Promise<void>;
}

const RETRY_MS = 20;
/** A group is sent again for as long as its publishers wait; its mark is kept for longer. */
const MARK_SPARE_MS = 60_000;

/**
 * Stores groups of events, each once: a group whose answer was lost is sent again under the same number, and Redis, which
 * remembers the last group of each instance, tells whether it has it already.
 */
export class RedisAppender {
  readonly #log: AppendLog;
  readonly #instance = randomUUID();
  #groups = 0;

  constructor(log: AppendLog) {
    this.#log = log;
  }

  /** Stores one group, waiting for Redis as long as its publishers want. */
  async commit(group: AppendGroup): Promise<CommitResult> {
    const { port, closing } = this.#log;
    const number = ++this.#groups;
    const deadlineMs = (group.events.at(-1)?.sinceMs ?? performance.now()) + port.settings.publishWaitMs;
    let sent = false;
    let stored = false;
    for (;;) {
      try {
        if (!port.ready || this.#log.fenceLeftMs() > 0) throw unavailable('Redis is not ready for appends');
        const again = sent;
        sent = true;
        const answer = readAnswer(await port.append(this.#instance, this.#args(group, number, again)));
        if (answer.status === 'ok') {
          await this.#log.stored(group, answer.bounds, answer.extra);
          stored = true;
          await port.replicated();
          return { ok: true, epoch: answer.bounds.epoch, firstSeq: answer.extra };
        }
        if (answer.status === 'format') return { ok: false, error: formatError(answer.found) };
        await this.#log.compare();
        if (answer.status === 'ended') return { ok: false, error: endedError() };
      } catch (error) {
        // What is stored is not sent again, be it safe or not: readers have it.
        const final = stored || !(error instanceof SseKitError);
        const late = performance.now() >= deadlineMs || closing.aborted;
        if (final || late) return { ok: false, error: this.#error(error, outcome(stored, sent)) };
        await this.#waitForRedis(deadlineMs);
      }
    }
  }

  #args(group: AppendGroup, number: number, again: boolean): string[] {
    const events = group.events.flatMap(({ draft, stored }) => [String(draft.unixMs), stored]);
    return [
      createEpoch(),
      ...this.#log.retentionArgs(),
      String(number),
      again ? '1' : '',
      String(Math.ceil(this.#log.port.settings.publishWaitMs) + MARK_SPARE_MS),
      group.ending ? '1' : '0',
      ...events,
    ];
  }

  async #waitForRedis(deadlineMs: number): Promise<void> {
    const { port, closing } = this.#log;
    const leftMs = Math.max(1, deadlineMs - performance.now());
    if (port.ready) await pause(Math.min(leftMs, Math.max(RETRY_MS, this.#log.fenceLeftMs())), closing);
    else await Promise.race([port.whenReady(leftMs), pause(leftMs, closing)]);
  }

  #error(cause: unknown, what: string): SseKitError {
    return unavailable(`cannot append to ${quote(this.#log.name)}: ${what}`, cause);
  }
}

function outcome(stored: boolean, sent: boolean): string {
  if (stored) return 'the event was stored, but may be lost with this server';
  return sent ? 'the event may or may not have been stored' : 'the event was not stored';
}

/** Waits, or until the signal. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

export function endedError(): SseKitError {
  return new SseKitError('ERR_STREAM_ENDED', 'the stream has ended');
}

export function formatError(found: string): SseKitError {
  return new SseKitError(
    'ERR_LOG_FORMAT',
    `Redis holds log format ${quote(found)}, this version reads ${REDIS_FORMAT}`,
  );
}
