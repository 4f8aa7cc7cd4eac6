import { Buffer } from 'node:buffer';
import { createEpoch, type Position, quote, SseKitError } from '../protocol/index.ts';
import { FrameRing } from '../server/frame-ring.ts';
import type {
  EventDraft,
  LogBounds,
  LogHost,
  LogRead,
  MaybePromise,
  ReadLimit,
  ReplayLog,
} from '../server/replay-log.ts';
import { type AppendGroup, AppendQueue, type CommitResult } from './append-queue.ts';
import { ColdBatch } from './cold-batch.ts';
import { ColdCache } from './cold-cache.ts';
import { decodeDraft } from './draft-codec.ts';
import { type DurableMeta, DurableRecords, type DurableWrite, parseMeta } from './durable-records.ts';
import type { StoreSession } from './durable-store.ts';
import { assertBounds } from './retention.ts';

/** How long a durable log keeps events. Whichever bound is met first drops the oldest. */
export interface DurableRetention {
  /** Most events held; default 1,000,000. */
  readonly maxEvents?: number;
  /** Most bytes of stored events held; default 1 GiB. The newest event is held however large. */
  readonly maxBytes?: number;
  /** Longest time an event is held, milliseconds; default unlimited. Very many that age at once go a thousand at a time. */
  readonly maxAgeMs?: number;
  /** Frames kept encoded in memory for live readers, bytes; default 8 MiB. Older ones are read from disk. */
  readonly hotBytes?: number;
}

/** How a log reaches the directory it lives in. */
export interface StorePort {
  acquire(): Promise<StoreSession>;
  release(): Promise<void>;
}

const GROUP_LIMITS = { maxEvents: 1_000, maxBytes: 4 * 1024 * 1024 };
/** Events that retention drops with one commit: each is looked up and deleted, and the event loop waits. */
const DROPS_PER_COMMIT = GROUP_LIMITS.maxEvents;

/**
 * A log in LevelDB. Appends that arrive while a commit is under way form the next one, so that one fsync serves many;
 * a commit is one atomic batch of events, deletions and bounds, and a half-written one vanishes whole at the next open.
 */
export class DurableLog implements ReplayLog {
  readonly #name: string;
  readonly #store: StorePort;
  readonly #maxEvents: number;
  readonly #maxBytes: number;
  readonly #maxAgeMs: number;
  readonly #hotBytes: number;
  readonly #ring: FrameRing;
  readonly #cold = new ColdCache();
  readonly #queue: AppendQueue;
  #session: StoreSession | null = null;
  #records: DurableRecords | null = null;
  #host: LogHost | null = null;
  #epoch = '';
  #head = 0;
  #oldest = 1;
  /** Oldest sequence still on disk: deletions travel with the next commit. */
  #onDisk = 1;
  #bytes = 0;
  #ended = false;
  #closed = false;
  /** Size and time of the event at `#oldest`, once looked up. */
  #oldestRecord: { readonly bytes: number; readonly unixMs: number } | null = null;
  #closing: Promise<void> | null = null;

  constructor(name: string, retention: DurableRetention, store: StorePort) {
    const {
      maxEvents = 1_000_000,
      maxBytes = 1024 ** 3,
      maxAgeMs = Number.POSITIVE_INFINITY,
      hotBytes = 8 * 1024 * 1024,
    } = retention;
    assertBounds({ maxEvents, maxBytes, maxAgeMs, hotBytes });
    this.#name = name;
    this.#store = store;
    this.#maxEvents = maxEvents;
    this.#maxBytes = maxBytes;
    this.#maxAgeMs = maxAgeMs;
    this.#hotBytes = hotBytes;
    this.#ring = new FrameRing({ maxEvents, maxBytes: hotBytes });
    this.#queue = new AppendQueue((group) => this.#commit(group), GROUP_LIMITS);
  }

  async open(host: LogHost): Promise<void> {
    const session = await this.#store.acquire();
    try {
      this.#host = host;
      this.#session = session;
      const records = new DurableRecords(this.#name, session, (error) => host.failed(error));
      this.#records = records;
      const stored = await records.meta();
      const doubt = stored === null ? null : this.#adopt(stored);
      if (doubt) host.failed(doubt);
      if (doubt || stored === null) await this.#begin();
      this.#warm();
      await records.write([this.#meta(false)], true);
      this.#trim();
    } catch (error) {
      this.#session = null;
      this.#records = null;
      await this.#store.release();
      throw error;
    }
  }

  bounds(): LogBounds {
    this.#dropOld();
    const oldestUnixMs = this.#oldestOf()?.unixMs ?? null;
    return {
      epoch: this.#epoch,
      oldest: this.#oldest,
      head: this.#head,
      bytes: this.#bytes,
      oldestUnixMs,
      ended: this.#ended,
    };
  }

  append(draft: EventDraft): Promise<Position> {
    if (!this.#session || this.#closed) {
      return Promise.reject(new SseKitError('ERR_LOG_CLOSED', `the log ${quote(this.#name)} is not open`));
    }
    if (this.#ended) return Promise.reject(endedError());
    return this.#queue.append(draft);
  }

  read(after: Position, limit: ReadLimit): LogRead {
    if (after.epoch !== this.#epoch) return { kind: 'gone' };
    this.#dropOld();
    if (after.seq === this.#head) return { kind: 'caught-up' };
    if (after.seq > this.#head || after.seq + 1 < this.#oldest) return { kind: 'gone' };
    if (after.seq + 1 >= this.#ring.oldest) return this.#ring.read(after.seq, limit);
    return this.#readCold(after.seq, limit);
  }

  refresh(): void {
    // Only this process writes here.
  }

  async end(): Promise<void> {
    if (!this.#ended) await this.#queue.end();
  }

  close(): MaybePromise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#queue.settled();
    const records = this.#records;
    if (!records) return;
    try {
      // `bounds()` stays answerable after the database is closed.
      this.#oldestOf();
      await records.write([...this.#deletions(), this.#meta(true)], true);
    } finally {
      await this.#store.release();
    }
  }

  /** Writes one batch: events, deletions and bounds, all or nothing. */
  async #commit(group: AppendGroup): Promise<CommitResult> {
    const { session, host, records } = this.#opened();
    const { events, bytes } = group;
    if (this.#ended && events.length > 0) return { ok: false, error: endedError() };
    const firstSeq = this.#head + 1;
    const ended = this.#ended || group.ending;
    const deleteBelow = this.#oldest;
    try {
      await records.write(
        [
          ...events.map(({ stored }, i) => records.put(firstSeq + i, stored)),
          ...this.#deletions(),
          this.#meta(false, { head: this.#head + events.length, bytes: this.#bytes + bytes, ended }),
        ],
        session.sync,
      );
    } catch (cause) {
      const error = new SseKitError('ERR_LOG_UNAVAILABLE', `cannot write the log ${quote(this.#name)}`, {
        cause,
      });
      host.failed(error);
      return { ok: false, error };
    }
    this.#onDisk = deleteBelow;
    for (const { draft } of events) {
      this.#head += 1;
      this.#ring.append(host.encode({ epoch: this.#epoch, seq: this.#head }, draft), draft.unixMs);
    }
    this.#bytes += bytes;
    this.#ended = ended;
    this.#trim();
    if (events.length > 0 || group.ending) host.advanced();
    return { ok: true, epoch: this.#epoch, firstSeq };
  }

  /** Takes over what is stored. Returns why it cannot be trusted: then a new epoch must announce the loss. */
  #adopt(stored: string): SseKitError | null {
    const meta = parseMeta(stored);
    const { session, records } = this.#opened();
    if (!meta) return records.corrupt(`bounds are damaged: ${quote(stored)}`);
    if (!meta.clean && !meta.sync && meta.bootId !== session.bootId) {
      return new SseKitError(
        'ERR_LOG_TAIL_UNCERTAIN',
        `the machine went down while ${quote(this.#name)} was written without fsync: acknowledged events may be lost`,
      );
    }
    this.#epoch = meta.epoch;
    this.#head = meta.head;
    this.#oldest = meta.oldest;
    this.#onDisk = meta.oldest;
    this.#bytes = meta.bytes;
    this.#ended = meta.ended;
    const tailWhole = meta.oldest > meta.head || records.draft(meta.head) !== null;
    return tailWhole ? null : records.corrupt(`its newest event ${meta.head} is lost`);
  }

  /** Starts over under a new epoch; what was stored under the old one goes. */
  async #begin(): Promise<void> {
    this.#epoch = createEpoch();
    this.#head = 0;
    this.#oldest = 1;
    this.#onDisk = 1;
    this.#bytes = 0;
    this.#ended = false;
    await this.#opened().records.clear();
  }

  /** Encodes the newest events into memory. */
  #warm(): void {
    const { host, records } = this.#opened();
    const hot: EventDraft[] = [];
    let bytes = 0;
    for (let seq = this.#head; seq >= this.#oldest && bytes < this.#hotBytes; seq--) {
      const draft = records.draft(seq);
      if (!draft) break;
      bytes += draft.data.length + draft.type.length + 256;
      hot.push(draft);
    }
    this.#ring.reset(this.#head - hot.length);
    for (const draft of hot.reverse()) {
      const position = { epoch: this.#epoch, seq: this.#ring.head + 1 };
      this.#ring.append(host.encode(position, draft), draft.unixMs);
    }
  }

  #readCold(afterSeq: number, limit: ReadLimit): LogRead {
    const { host, records } = this.#opened();
    const cached = this.#cold.get(afterSeq, limit);
    if (cached) return cached;
    const cold = new ColdBatch(afterSeq, limit);
    for (let seq = afterSeq + 1; seq <= this.#head; seq++) {
      const draft = records.draft(seq);
      if (!draft) {
        if (cold.size > 0) break;
        this.#giveUpThrough(seq);
        return { kind: 'gone' };
      }
      if (!cold.add(host.encode({ epoch: this.#epoch, seq }, draft), draft.unixMs)) break;
    }
    const batch = cold.build();
    if (!batch) return { kind: 'gone' };
    this.#cold.set(afterSeq, limit, batch);
    return batch;
  }

  #dropOld(): void {
    if (this.#maxAgeMs === Number.POSITIVE_INFINITY || !this.#host || this.#closed) return;
    const deadline = this.#host.now() - this.#maxAgeMs;
    const before = this.#oldest;
    this.#dropWhile(() => (this.#oldestOf()?.unixMs ?? Number.POSITIVE_INFINITY) < deadline);
    if (this.#oldest > before) this.#queue.kick();
  }

  #trim(): void {
    this.#dropWhile(() => this.#head - this.#oldest + 1 > this.#maxEvents);
    this.#dropWhile(() => this.#bytes > this.#maxBytes && this.#oldest < this.#head);
    this.#dropOld();
  }

  /** Drops as many as one commit may delete; where that is not all, one comes soon and goes on. */
  #dropWhile(due: () => boolean): void {
    const before = this.#oldest;
    const limit = this.#onDisk + DROPS_PER_COMMIT;
    while (this.#oldest < limit && due() && this.#dropOldest());
    if (this.#oldest > before && this.#oldest >= limit && due() && !this.#closed) this.#queue.kick();
  }

  /** Returns whether one was dropped: without its size, which cannot be read for the moment, it stays. */
  #dropOldest(): boolean {
    const before = this.#oldest;
    const record = this.#oldestOf();
    if (this.#oldest > before) return true; // looking was enough: it is damaged
    if (!record) return false;
    this.#bytes -= record.bytes;
    if (this.#ring.oldest === this.#oldest) this.#ring.dropOldest();
    this.#oldest += 1;
    this.#oldestRecord = null;
    return true;
  }

  /**
   * Size and time of the oldest event; `null` when none is held, or the disk does not say. Events that are damaged are
   * given up.
   */
  #oldestOf(): { readonly bytes: number; readonly unixMs: number } | null {
    while (!this.#oldestRecord && this.#oldest <= this.#head) {
      const text = this.#textOf(this.#oldest);
      if (text === undefined) return null;
      if (text === null) this.#oldest += 1;
      else this.#oldestRecord = { bytes: Buffer.byteLength(text), unixMs: decodeDraft(text).unixMs };
    }
    return this.#oldestRecord;
  }

  /** As `records.text`, and `undefined`, reported, where that throws: bounds are asked for at any moment. */
  #textOf(seq: number): string | null | undefined {
    const { records, host } = this.#opened();
    try {
      return records.text(seq);
    } catch (error) {
      host.failed(error instanceof Error ? error : new Error(String(error)));
      return undefined;
    }
  }

  /** Gives up everything up to an event that cannot be read: readers before it are told how many they lose. */
  #giveUpThrough(seq: number): void {
    while (this.#oldest <= Math.min(seq, this.#head) && this.#dropOldest());
    this.#queue.kick();
  }

  #deletions(): DurableWrite[] {
    return this.#opened().records.deletions(this.#onDisk, this.#oldest);
  }

  #meta(clean: boolean, change: Partial<DurableMeta> = {}): DurableWrite {
    const { records, session } = this.#opened();
    const { sync, bootId } = session;
    return records.putMeta({
      epoch: this.#epoch,
      oldest: this.#oldest,
      head: this.#head,
      bytes: this.#bytes,
      ended: this.#ended,
      clean,
      sync,
      bootId,
      ...change,
    });
  }

  #opened(): {
    readonly session: StoreSession;
    readonly records: DurableRecords;
    readonly host: LogHost;
  } {
    const [session, records, host] = [this.#session, this.#records, this.#host];
    if (!session || !records || !host) throw new SseKitError('ERR_LOG_CLOSED', 'the log is not open');
    return { session, records, host };
  }
}

function endedError(): SseKitError {
  return new SseKitError('ERR_STREAM_ENDED', 'the stream has ended');
}
