import { Buffer } from 'node:buffer';
import type { Position } from '../protocol/index.ts';
import type { EventDraft } from '../server/replay-log.ts';
import { encodeDraft } from './draft-codec.ts';

/** An event on its way into a store. */
export interface QueuedEvent {
  readonly draft: EventDraft;
  readonly stored: string;
  readonly bytes: number;
  /** When it was appended, `performance.now()` milliseconds. */
  readonly sinceMs: number;
}

/** Events that are committed together, atomically and in the order in which they were appended. */
export interface AppendGroup {
  readonly events: readonly QueuedEvent[];
  /** The stream ends after them. */
  readonly ending: boolean;
  readonly bytes: number;
}

/** What became of a group. */
export type CommitResult =
  | { readonly ok: true; readonly epoch: string; readonly firstSeq: number }
  | { readonly ok: false; readonly error: Error };

interface Waiting {
  readonly event: QueuedEvent | null;
  resolve(position: Position): void;
  reject(error: Error): void;
}

/**
 * Group commit: what is appended while a commit is under way forms the next one. One fsync, or one round trip, then
 * serves many publishers, and order is kept without a lock.
 */
export class AppendQueue {
  readonly #commit: (group: AppendGroup) => Promise<CommitResult>;
  readonly #maxEvents: number;
  readonly #maxBytes: number;
  #waiting: Waiting[] = [];
  #empty = false;
  #running: Promise<void> | null = null;

  constructor(
    commit: (group: AppendGroup) => Promise<CommitResult>,
    limits: { readonly maxEvents: number; readonly maxBytes: number },
  ) {
    this.#commit = commit;
    this.#maxEvents = limits.maxEvents;
    this.#maxBytes = limits.maxBytes;
  }

  append(draft: EventDraft): Promise<Position> {
    const stored = encodeDraft(draft);
    return this.#push({ draft, stored, bytes: Buffer.byteLength(stored), sinceMs: performance.now() });
  }

  async end(): Promise<void> {
    await this.#push(null);
  }

  /** Commits an empty group soon, for a store that has work of its own to write. */
  kick(): void {
    this.#empty = true;
    this.#run();
  }

  /** Resolves when nothing waits or is under way. */
  async settled(): Promise<void> {
    while (this.#running) await this.#running;
  }

  #push(event: QueuedEvent | null): Promise<Position> {
    const position = new Promise<Position>((resolve, reject) => {
      this.#waiting.push({ event, resolve, reject });
    });
    this.#run();
    return position;
  }

  #run(): void {
    this.#running ??= this.#drain().finally(() => {
      this.#running = null;
      if (this.#waiting.length > 0 || this.#empty) this.#run();
    });
  }

  async #drain(): Promise<void> {
    // What is appended in the same turn joins the first commit.
    await Promise.resolve();
    while (this.#waiting.length > 0 || this.#empty) {
      this.#empty = false;
      const taken = this.#take();
      const events = taken.flatMap(({ event }) => event ?? []);
      const ending = events.length < taken.length;
      const bytes = events.reduce((sum, event) => sum + event.bytes, 0);
      const result = await this.#commit({ events, ending, bytes });
      let seq = result.ok ? result.firstSeq : 0;
      for (const { event, resolve, reject } of taken) {
        if (!result.ok) reject(result.error);
        else resolve({ epoch: result.epoch, seq: event ? seq++ : seq - 1 });
      }
    }
  }

  #take(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { event } of this.#waiting) {
      bytes += event?.bytes ?? 0;
      if (count > 0 && (count === this.#maxEvents || bytes > this.#maxBytes)) break;
      count += 1;
      if (!event) break; // nothing follows an end
    }
    return this.#waiting.splice(0, count);
  }
}
