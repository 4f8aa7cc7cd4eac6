import { createHash } from 'node:crypto';
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
import { type AppendGroup, AppendQueue } from './append-queue.ts';
import { ColdBatch } from './cold-batch.ts';
import { ColdCache } from './cold-cache.ts';
import { decodeDraft } from './draft-codec.ts';
import { endedError, formatError, pause, RedisAppender } from './redis-append.ts';
import { type RedisBounds, type RedisEntry, readAnswer, readEntries } from './redis-entry.ts';
import type { RedisPort } from './redis-store.ts';
import { assertBounds } from './retention.ts';

/** How long a Redis log keeps events: enforced in Redis, exactly, at each append. All instances should agree on it. */
export interface RedisRetention {
  /** Most events held; default 100,000. */
  readonly maxEvents?: number;
  /** Most bytes of stored events held; default 64 MiB. The newest event is held however large. */
  readonly maxBytes?: number;
  /** Longest time an event is held, milliseconds; default unlimited. Trimmed at appends and every `checkMs`. */
  readonly maxAgeMs?: number;
  /** Frames kept encoded in this process for live readers, bytes; default 8 MiB. Older ones are read from Redis. */
  readonly hotBytes?: number;
}

const GROUP_LIMITS = { maxEvents: 256, maxBytes: 1024 * 1024 };
const WARM_EVENTS = 1_000;
const CATCH_UP_EVENTS = 1_000;
const COLD_EVENTS = 256;

/**
 * A log in Redis that many instances share. This process mirrors its newest events as encoded frames: live readers cost
 * Redis nothing, and one connection brings the news for all of them.
 */
export class RedisLog implements ReplayLog {
  readonly #name: string;
  readonly #port: RedisPort;
  readonly #maxEvents: number;
  readonly #maxBytes: number;
  readonly #maxAgeMs: number;
  readonly #ring: FrameRing;
  readonly #cold = new ColdCache();
  readonly #coldReads = new Map<string, Promise<LogRead>>();
  readonly #queue: AppendQueue;
  #host: LogHost | null = null;
  #epoch = '';
  #generation = 0;
  #oldest = 1;
  #oldestUnixMs: number | null = null;
  #bytes = 0;
  #ended = false;
  /** The newest event this process knows of, seen or acknowledged: its testimony after a restart of Redis. */
  #known = { seq: 0, stored: '' };
  /** The epoch whose contents this process knows first-hand: what it opened behind a fence it cannot vouch for. */
  #witnessed = '';
  /** Counts incarnations taken over, so that an answer that was on its way meanwhile is not believed. */
  #adoptions = 0;
  #fenceUntilMs = 0;
  #comparing: Promise<void> | null = null;
  #compareNext: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #fenceTimer: NodeJS.Timeout | null = null;
  readonly #closing = new AbortController();
  #closed: Promise<void> | null = null;

  constructor(name: string, retention: RedisRetention, port: RedisPort) {
    const {
      maxEvents = 100_000,
      maxBytes = 64 * 1024 * 1024,
      maxAgeMs = Number.POSITIVE_INFINITY,
      hotBytes = 8 * 1024 * 1024,
    } = retention;
    assertBounds({ maxEvents, maxBytes, maxAgeMs, hotBytes });
    this.#name = name;
    this.#port = port;
    this.#maxEvents = maxEvents;
    this.#maxBytes = maxBytes;
    this.#maxAgeMs = maxAgeMs;
    this.#ring = new FrameRing({ maxEvents, maxBytes: hotBytes });
    const appender = new RedisAppender({
      name,
      port,
      closing: this.#closing.signal,
      fenceLeftMs: () => this.#fenceLeftMs(),
      retentionArgs: () => this.#retentionArgs(),
      stored: (group, bounds, firstSeq) => this.#stored(group, bounds, firstSeq),
      compare: () => this.#compare(),
    });
    this.#queue = new AppendQueue((group) => appender.commit(group), GROUP_LIMITS);
  }

  async open(host: LogHost): Promise<void> {
    this.#host = host;
    await this.#port.join({
      connected: () => this.#compareSoon(),
      failed: (error) => host.failed(error),
    });
    try {
      await this.#compare();
      // What the fence decides is what clients should be told first.
      while (this.#fenceLeftMs() > 0) {
        await pause(this.#fenceLeftMs(), this.#closing.signal);
        await this.#compare();
      }
    } catch (error) {
      await this.#port.leave();
      throw error;
    }
    this.#port.reader.add({
      key: this.#port.keys.log,
      lastId: () => `${this.#generation}-${this.#ring.head + (this.#ended ? 1 : 0)}`,
      entries: (entries) => this.#news(entries),
    });
    this.#timer = setInterval(() => this.#compareSoon(), this.#port.settings.checkMs);
    this.#timer.unref();
  }

  bounds(): LogBounds {
    return {
      epoch: this.#epoch,
      oldest: Math.min(this.#oldest, this.#ring.head + 1),
      head: this.#ring.head,
      bytes: this.#bytes,
      oldestUnixMs: this.#oldest > this.#ring.head ? null : this.#oldestUnixMs,
      ended: this.#ended,
    };
  }

  append(draft: EventDraft): Promise<Position> {
    if (!this.#host || this.#closed) return Promise.reject(this.#closedError());
    if (this.#ended) return Promise.reject(endedError());
    return this.#queue.append(draft);
  }

  read(after: Position, limit: ReadLimit): MaybePromise<LogRead> {
    if (after.epoch !== this.#epoch) return { kind: 'gone' };
    if (after.seq === this.#ring.head) return { kind: 'caught-up' };
    if (after.seq > this.#ring.head || after.seq + 1 < this.#oldest) return { kind: 'gone' };
    if (after.seq + 1 >= this.#ring.oldest) return this.#ring.read(after.seq, limit);
    return this.#cold.get(after.seq, limit) ?? this.#readColdOnce(after, limit);
  }

  refresh(): Promise<void> {
    return this.#compare();
  }

  async end(): Promise<void> {
    if (this.#ended) return;
    if (!this.#host || this.#closed) throw this.#closedError();
    await this.#queue.end();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (!this.#timer) return; // never opened
    // With Redis there, what is under way settles; without it, it is refused now.
    if (!this.#port.ready) this.#closing.abort();
    await this.#queue.settled();
    this.#closing.abort();
    clearInterval(this.#timer);
    if (this.#fenceTimer) clearTimeout(this.#fenceTimer);
    this.#port.reader.remove(this.#port.keys.log);
    await this.#comparing?.catch(() => null); // its callers have the error
    await this.#port.leave();
  }

  #retentionArgs(): string[] {
    const deadline =
      this.#maxAgeMs === Number.POSITIVE_INFINITY ? '' : String(this.#opened().now() - this.#maxAgeMs);
    return [String(this.#maxEvents), String(this.#maxBytes), deadline];
  }

  /** Shows our own events to readers at once, when nobody else's came between. */
  async #stored(group: AppendGroup, bounds: RedisBounds, firstSeq: number): Promise<void> {
    if (bounds.epoch !== this.#epoch) {
      await this.#compare();
      return;
    }
    const last = group.events.at(-1);
    const lastSeq = firstSeq + group.events.length - 1;
    if (last && lastSeq > this.#known.seq) this.#known = { seq: lastSeq, stored: last.stored };
    // Otherwise the reader has brought them already, or will, in order with what others published between.
    if (firstSeq === this.#ring.head + 1) for (const { draft } of group.events) this.#show(draft);
    if (bounds.head < this.#ring.head) return;
    this.#take(bounds);
    if (bounds.head === this.#ring.head) this.#ended = bounds.ended;
    this.#opened().advanced();
  }

  #show(draft: EventDraft): void {
    const position = { epoch: this.#epoch, seq: this.#ring.head + 1 };
    this.#ring.append(this.#opened().encode(position, draft), draft.unixMs);
  }

  #take(bounds: { oldest: number; oldestUnixMs: number | null; bytes: number }): void {
    if (bounds.oldest >= this.#oldest) {
      this.#oldest = bounds.oldest;
      this.#oldestUnixMs = bounds.oldestUnixMs;
    }
    this.#bytes = bounds.bytes;
    while (this.#ring.size > 0 && this.#ring.oldest < this.#oldest) this.#ring.dropOldest();
  }

  /** News from the reader, or what was missed. */
  #news(entries: readonly RedisEntry[]): void {
    const before = this.#ring.head;
    for (const entry of entries) {
      if (entry.generation !== this.#generation) {
        // The first event of another incarnation: its epoch is in the bounds, not in the entry.
        this.#compareSoon();
        break;
      }
      if (entry.stored === null) this.#ended = true;
      else if (entry.seq > this.#ring.head) this.#newEntry(entry, entry.stored);
    }
    if (this.#ring.head > before || this.#ended) this.#opened().advanced();
  }

  #newEntry(entry: RedisEntry, stored: string): void {
    // Trimmed before this process saw them: they are neither here nor there, and readers behind them are told.
    if (entry.seq !== this.#ring.head + 1) this.#ring.reset(entry.seq - 1);
    this.#show(decodeDraft(stored));
    if (entry.seq > this.#known.seq) this.#known = { seq: entry.seq, stored };
    if (entry.bounds) this.#take(entry.bounds);
  }

  #compareSoon(): void {
    this.#compare().catch((error: unknown) => {
      // That Redis is away was reported when the connection was lost.
      if (error instanceof SseKitError && error.code === 'ERR_LOG_UNAVAILABLE') return;
      this.#host?.failed(error instanceof Error ? error : new Error(String(error)));
    });
  }

  /** Compares what this process knows with Redis. Resolves after a comparison that began after the call. */
  #compare(): Promise<void> {
    if (!this.#comparing) {
      this.#comparing = this.#compareOnce().finally(() => {
        this.#comparing = null;
      });
      return this.#comparing;
    }
    this.#compareNext ??= this.#comparing
      .catch(() => null) // its own callers have the error
      .then(() => {
        this.#compareNext = null;
        return this.#compare();
      });
    return this.#compareNext;
  }

  async #compareOnce(): Promise<void> {
    if (this.#closing.signal.aborted) throw this.#closedError();
    const adoptions = this.#adoptions;
    const { restart, fenceMs } = this.#port.settings;
    const { seq, stored } = this.#known;
    const tip = stored === '' ? '' : createHash('sha1').update(stored).digest('hex');
    const args = [
      createEpoch(),
      restart,
      String(fenceMs),
      this.#witnessed,
      String(seq),
      tip,
      ...this.#retentionArgs(),
    ];
    const answer = readAnswer(await this.#port.compare(args));
    if (answer.status === 'format') throw formatError(answer.found);
    if (answer.status === 'join' || adoptions !== this.#adoptions) return;
    const { bounds, extra: fenceLeftMs } = answer;
    if (bounds.epoch !== this.#epoch) this.#adopt(bounds);
    if (bounds.head > this.#ring.head) await this.#catchUp(bounds);
    if (bounds.epoch !== this.#epoch) return;
    this.#take(bounds);
    if (fenceLeftMs === 0) this.#witnessed = bounds.epoch;
    if (bounds.ended && this.#ring.head === bounds.head) this.#ended = true;
    this.#fence(fenceLeftMs);
    this.#opened().advanced();
  }

  #adopt(bounds: RedisBounds): void {
    this.#adoptions += 1;
    this.#epoch = bounds.epoch;
    this.#generation = bounds.generation;
    this.#oldest = 1;
    this.#oldestUnixMs = null;
    this.#bytes = 0;
    this.#ended = false;
    this.#known = { seq: 0, stored: '' };
    this.#cold.clear();
    this.#ring.reset(Math.max(0, bounds.head - WARM_EVENTS));
    if (this.#timer) this.#port.reader.moved();
  }

  /** Reads what is in Redis and not here yet. */
  async #catchUp(bounds: RedisBounds): Promise<void> {
    const { generation } = bounds;
    while (this.#generation === generation && this.#ring.head < bounds.head) {
      const entries = readEntries(
        await this.#port.send(
          'XRANGE',
          this.#port.keys.log,
          `${generation}-${this.#ring.head + 1}`,
          `${generation}-${bounds.head}`,
          'COUNT',
          String(CATCH_UP_EVENTS),
        ),
      );
      if (this.#generation !== generation) return;
      if (entries.length === 0) this.#ring.reset(bounds.head);
      else this.#news(entries);
    }
  }

  #fence(leftMs: number): void {
    this.#fenceUntilMs = leftMs > 0 ? performance.now() + leftMs : 0;
    if (leftMs <= 0 || this.#fenceTimer || !this.#timer) return;
    this.#fenceTimer = setTimeout(() => {
      this.#fenceTimer = null;
      this.#compareSoon();
    }, leftMs + 1);
  }

  #fenceLeftMs(): number {
    return Math.max(0, this.#fenceUntilMs - performance.now());
  }

  /** Readers that come back together ask for the same place at once: one question is asked for all of them. */
  #readColdOnce(after: Position, limit: ReadLimit): Promise<LogRead> {
    const place = `${this.#generation} ${after.seq} ${limit.maxEvents} ${limit.maxBytes}`;
    const underWay = this.#coldReads.get(place);
    if (underWay) return underWay;
    const read = this.#readCold(after, limit).finally(() => this.#coldReads.delete(place));
    this.#coldReads.set(place, read);
    return read;
  }

  async #readCold(after: Position, limit: ReadLimit): Promise<LogRead> {
    const generation = this.#generation;
    const { head } = this.#ring;
    const entries = readEntries(
      await this.#port.send(
        'XRANGE',
        this.#port.keys.log,
        `(${generation}-${after.seq}`,
        `${generation}-${head}`,
        'COUNT',
        String(Math.min(Math.max(1, limit.maxEvents), COLD_EVENTS)),
      ),
    );
    if (this.#generation !== generation) return { kind: 'gone' };
    if (entries[0]?.seq !== after.seq + 1) {
      // Trimmed or evicted, and the news of that are not here yet: the bounds must not promise what is gone.
      this.#goneBefore(entries[0]?.seq ?? Math.min(this.#ring.oldest, head + 1));
      this.#compareSoon();
      return { kind: 'gone' };
    }
    const cold = new ColdBatch(after.seq, limit);
    for (const { stored, seq } of entries) {
      if (stored === null || seq !== after.seq + cold.size + 1) break;
      const draft = decodeDraft(stored);
      if (!cold.add(this.#opened().encode({ epoch: this.#epoch, seq }, draft), draft.unixMs)) break;
    }
    const batch = cold.build();
    if (!batch) return { kind: 'gone' };
    this.#cold.set(after.seq, limit, batch);
    return batch;
  }

  #goneBefore(seq: number): void {
    if (seq <= this.#oldest) return;
    this.#oldest = seq;
    this.#oldestUnixMs = null;
    while (this.#ring.size > 0 && this.#ring.oldest < seq) this.#ring.dropOldest();
  }

  #opened(): LogHost {
    if (!this.#host) throw this.#closedError();
    return this.#host;
  }

  #closedError(): SseKitError {
    return new SseKitError('ERR_LOG_CLOSED', `the log ${quote(this.#name)} is not open`);
  }
}
