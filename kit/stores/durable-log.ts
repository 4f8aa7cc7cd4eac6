import { Buffer } from 'node:buffer';
import { createEpoch, isEpoch, type Position, quote, SseKitError } from '../protocol/index.ts';
import { FrameRing } from '../server/frame-ring.ts';
import type {
  EventDraft,
  FrameBatch,
  LogBounds,
  LogHost,
  LogRead,
  MaybePromise,
  ReadLimit,
  ReplayLog,
} from '../server/replay-log.ts';
import { type AppendGroup, AppendQueue, type CommitResult } from './append-queue.ts';
import { ColdCache } from './cold-cache.ts';
import { decodeDraft } from './draft-codec.ts';
import type { StoreSession } from './durable-store.ts';
import { assertBounds } from './retention.ts';

/** How long a durable log keeps events. Whichever bound is met first drops the oldest. */
export interface DurableRetention {
  /** Most events held; default 1,000,000. */
  readonly maxEvents?: number;
  /** Most bytes of stored events held; default 1 GiB. The newest event is held however large. */
  readonly maxBytes?: number;
  /** Longest time an event is held, milliseconds; default unlimited. */
  readonly maxAgeMs?: number;
  /** Frames kept encoded in memory for live readers, bytes; default 8 MiB. Older ones are read from disk. */
  readonly hotBytes?: number;
}

/** How a log reaches the directory it lives in. */
export interface StorePort {
  acquire(): Promise<StoreSession>;
  release(): Promise<void>;
}

/** Written in the same atomic batch as the events it describes. */
interface Meta {
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

const GROUP_LIMITS = { maxEvents: 1_000, maxBytes: 4 * 1024 * 1024 };

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
      const stored = await session.db.get(this.#metaKey());
      const doubt = stored === undefined ? null : this.#adopt(stored);
      if (doubt) host.failed(doubt);
      if (doubt || stored === undefined) await this.#begin();
      this.#warm();
      await session.db.put(this.#metaKey(), this.#meta(false), { sync: true });
      this.#trim();
    } catch (error) {
      this.#closed = true;
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
    const session = this.#session;
    if (!session) return;
    try {
      // `bounds()` stays answerable after the database is closed.
      this.#oldestOf();
      await session.db.batch(
        [...this.#deletions(), { type: 'put', key: this.#metaKey(), value: this.#meta(true) }],
        { sync: true },
      );
    } finally {
      await this.#store.release();
    }
  }

  /** Writes one batch: events, deletions and bounds, all or nothing. */
  async #commit(group: AppendGroup): Promise<CommitResult> {
    const { session, host } = this.#opened();
    const { events, bytes } = group;
    if (this.#ended && events.length > 0) return { ok: false, error: endedError() };
    const firstSeq = this.#head + 1;
    const ended = this.#ended || group.ending;
    const deleteBelow = this.#oldest;
    try {
      await session.db.batch(
        [
          ...events.map(({ stored }, i) => ({
            type: 'put' as const,
            key: this.#key(firstSeq + i),
            value: stored,
          })),
          ...this.#deletions(),
          {
            type: 'put' as const,
            key: this.#metaKey(),
            value: this.#meta(false, { head: this.#head + events.length, bytes: this.#bytes + bytes, ended }),
          },
        ],
        { sync: session.sync },
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
    if (!meta) return this.#corrupt(`bounds are damaged: ${quote(stored)}`);
    const { bootId } = this.#opened().session;
    if (!meta.clean && !meta.sync && meta.bootId !== bootId) {
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
    const tailWhole = meta.oldest > meta.head || this.#stored(meta.head) !== null;
    return tailWhole ? null : this.#corrupt(`its newest event ${meta.head} is lost`);
  }

  /** Starts over under a new epoch; what was stored under the old one goes. */
  async #begin(): Promise<void> {
    const { session } = this.#opened();
    this.#epoch = createEpoch();
    this.#head = 0;
    this.#oldest = 1;
    this.#onDisk = 1;
    this.#bytes = 0;
    this.#ended = false;
    await session.db.clear({ gte: this.#key(0), lte: `e\0${this.#name}\0~` });
  }

  /** Encodes the newest events into memory. */
  #warm(): void {
    const { host } = this.#opened();
    const hot: EventDraft[] = [];
    let bytes = 0;
    for (let seq = this.#head; seq >= this.#oldest && bytes < this.#hotBytes; seq--) {
      const draft = this.#stored(seq);
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
    const { host } = this.#opened();
    const cached = this.#cold.get(afterSeq, limit);
    if (cached) return cached;
    const frames: Buffer[] = [];
    let bytes = 0;
    let firstUnixMs = 0;
    for (let seq = afterSeq + 1; seq <= this.#head && frames.length < Math.max(1, limit.maxEvents); seq++) {
      const draft = this.#stored(seq);
      if (!draft) {
        if (frames.length > 0) break;
        this.#giveUpThrough(seq);
        return { kind: 'gone' };
      }
      const frame = Buffer.from(host.encode({ epoch: this.#epoch, seq }, draft));
      if (frames.length > 0 && bytes + frame.length > limit.maxBytes) break;
      if (frames.length === 0) firstUnixMs = draft.unixMs;
      bytes += frame.length;
      frames.push(frame);
    }
    const batch: FrameBatch = {
      kind: 'batch',
      bytes: Buffer.concat(frames, bytes),
      firstSeq: afterSeq + 1,
      lastSeq: afterSeq + frames.length,
      firstUnixMs,
    };
    this.#cold.set(afterSeq, limit, batch);
    return batch;
  }

  #dropOld(): void {
    if (this.#maxAgeMs === Number.POSITIVE_INFINITY || !this.#host || this.#closed) return;
    const deadline = this.#host.now() - this.#maxAgeMs;
    const before = this.#oldest;
    for (let at = this.#oldestOf(); at && at.unixMs < deadline; at = this.#oldestOf()) this.#dropOldest();
    if (this.#oldest > before) this.#queue.kick();
  }

  #trim(): void {
    while (this.#head - this.#oldest + 1 > this.#maxEvents) this.#dropOldest();
    while (this.#bytes > this.#maxBytes && this.#oldest < this.#head) this.#dropOldest();
    this.#dropOld();
  }

  #dropOldest(): void {
    const before = this.#oldest;
    const record = this.#oldestOf();
    if (!record || this.#oldest > before) return; // looking was enough: it could not be read
    this.#bytes -= record.bytes;
    if (this.#ring.oldest === this.#oldest) this.#ring.dropOldest();
    this.#oldest += 1;
    this.#oldestRecord = null;
  }

  /** Size and time of the oldest event; `null` when none is held. Events that cannot be read are given up. */
  #oldestOf(): { readonly bytes: number; readonly unixMs: number } | null {
    while (!this.#oldestRecord && this.#oldest <= this.#head) {
      const text = this.#text(this.#oldest);
      if (text === null) this.#oldest += 1;
      else this.#oldestRecord = { bytes: Buffer.byteLength(text), unixMs: decodeDraft(text).unixMs };
    }
    return this.#oldestRecord;
  }

  /** Gives up everything up to an event that cannot be read: readers before it are told how many they lose. */
  #giveUpThrough(seq: number): void {
    while (this.#oldest <= Math.min(seq, this.#head)) this.#dropOldest();
    this.#queue.kick();
  }

  /** The stored form of an event; `null`, and reported, when it is missing or damaged. */
  #text(seq: number): string | null {
    try {
      const text = this.#opened().session.db.getSync(this.#key(seq));
      if (text !== undefined) {
        decodeDraft(text);
        return text;
      }
      this.#host?.failed(this.#corrupt(`event ${seq} is missing`));
    } catch (cause) {
      this.#host?.failed(this.#corrupt(`event ${seq} cannot be read`, cause));
    }
    return null;
  }

  #stored(seq: number): EventDraft | null {
    const text = this.#text(seq);
    return text === null ? null : decodeDraft(text);
  }

  #deletions(): { type: 'del'; key: string }[] {
    const deletions: { type: 'del'; key: string }[] = [];
    for (let seq = this.#onDisk; seq < this.#oldest; seq++)
      deletions.push({ type: 'del', key: this.#key(seq) });
    return deletions;
  }

  #meta(clean: boolean, change: Partial<Meta> = {}): string {
    const { sync, bootId } = this.#opened().session;
    const meta: Meta = {
      epoch: this.#epoch,
      oldest: this.#oldest,
      head: this.#head,
      bytes: this.#bytes,
      ended: this.#ended,
      clean,
      sync,
      bootId,
      ...change,
    };
    return JSON.stringify(meta);
  }

  // Names hold no NUL, so no name's keys fall between another's; sixteen digits keep numbers in byte order.
  #key(seq: number): string {
    return `e\0${this.#name}\0${String(seq).padStart(16, '0')}`;
  }

  #metaKey(): string {
    return `m\0${this.#name}`;
  }

  #opened(): { readonly session: StoreSession; readonly host: LogHost } {
    if (!this.#session || !this.#host) throw new SseKitError('ERR_LOG_CLOSED', 'the log is not open');
    return { session: this.#session, host: this.#host };
  }

  #corrupt(what: string, cause?: unknown): SseKitError {
    return new SseKitError('ERR_LOG_CORRUPT', `the log ${quote(this.#name)}: ${what}`, { cause });
  }
}

function parseMeta(text: string): Meta | null {
  try {
    const meta = JSON.parse(text) as Meta;
    const numbers = [meta.oldest, meta.head, meta.bytes].every(
      (value) => Number.isSafeInteger(value) && value >= 0,
    );
    return isEpoch(meta.epoch) && numbers && meta.oldest <= meta.head + 1 ? meta : null;
  } catch {
    return null; // reported by the caller as damaged
  }
}

function endedError(): SseKitError {
  return new SseKitError('ERR_STREAM_ENDED', 'the stream has ended');
}
