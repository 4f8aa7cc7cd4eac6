import { isEpoch, quote, SseKitError } from '../protocol/index.ts';
import type { EventDraft } from '../server/replay-log.ts';
import { decodeDraft } from './draft-codec.ts';
import type { StoreSession } from './durable-store.ts';

/** Bounds of a log. Written in the same atomic batch as the events they describe. */
export interface DurableMeta {
  readonly epoch: string;
  readonly oldest: number;
  readonly head: number;
  readonly bytes: number;
  readonly ended: boolean;
  /** Closed in order, or open (and by which boot of the machine, and whether each append was synced). */
  readonly clean: boolean;
  readonly sync: boolean;
  readonly bootId: string;
}

/** One entry of an atomic batch. */
export type DurableWrite =
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'del'; readonly key: string };

/**
 * The records of one log in the database: where they lie and how they are read. Names hold no NUL, so no name's keys
 * fall between another's; sixteen digits keep numbers in byte order.
 */
export class DurableRecords {
  readonly #name: string;
  readonly #session: StoreSession;
  readonly #failed: (error: Error) => void;

  constructor(name: string, session: StoreSession, failed: (error: Error) => void) {
    this.#name = name;
    this.#session = session;
    this.#failed = failed;
  }

  put(seq: number, stored: string): DurableWrite {
    return { type: 'put', key: this.#key(seq), value: stored };
  }

  /** Deletes from a sequence up to before another. */
  deletions(from: number, below: number): DurableWrite[] {
    const deletions: DurableWrite[] = [];
    for (let seq = from; seq < below; seq++) deletions.push({ type: 'del', key: this.#key(seq) });
    return deletions;
  }

  putMeta(meta: DurableMeta): DurableWrite {
    return { type: 'put', key: this.#metaKey, value: JSON.stringify(meta) };
  }

  write(batch: readonly DurableWrite[], sync: boolean): Promise<void> {
    return this.#session.write(batch, sync);
  }

  /** The bounds, `null` where the log is new. */
  async meta(): Promise<string | null> {
    return (await this.#session.db.get(this.#metaKey)) ?? null;
  }

  async clear(): Promise<void> {
    await this.#session.db.clear({ gte: this.#key(0), lte: `e\0${this.#name}\0~` });
  }

  /**
   * The stored form of an event; `null`, and reported, when it is missing or damaged.
   * @throws SseKitError `ERR_LOG_UNAVAILABLE` when it could not be read this time (too many open files, a disk error):
   * that says nothing about the event.
   */
  text(seq: number): string | null {
    try {
      const text = this.#session.db.getSync(this.#key(seq));
      if (text !== undefined) {
        decodeDraft(text);
        return text;
      }
      this.#failed(this.corrupt(`event ${seq} is missing`));
    } catch (cause) {
      if (!isDamage(cause)) {
        const what = `cannot read event ${seq} of the log ${quote(this.#name)}`;
        throw new SseKitError('ERR_LOG_UNAVAILABLE', what, { cause });
      }
      this.#failed(this.corrupt(`event ${seq} cannot be read`, cause));
    }
    return null;
  }

  draft(seq: number): EventDraft | null {
    const text = this.text(seq);
    return text === null ? null : decodeDraft(text);
  }

  corrupt(what: string, cause?: unknown): SseKitError {
    return new SseKitError('ERR_LOG_CORRUPT', `the log ${quote(this.#name)}: ${what}`, { cause });
  }

  #key(seq: number): string {
    return `e\0${this.#name}\0${String(seq).padStart(16, '0')}`;
  }

  get #metaKey(): string {
    return `m\0${this.#name}`;
  }
}

function isDamage(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ERR_LOG_CORRUPT' || code === 'LEVEL_CORRUPTION';
}

/** Reads bounds; `null` when they are damaged. */
export function parseMeta(text: string): DurableMeta | null {
  try {
    const meta = JSON.parse(text) as DurableMeta;
    const numbers = [meta.oldest, meta.head, meta.bytes].every(
      (value) => Number.isSafeInteger(value) && value >= 0,
    );
    return isEpoch(meta.epoch) && numbers && meta.oldest <= meta.head + 1 ? meta : null;
  } catch {
    return null; // reported by the caller as damaged
  }
}
