import type { Position } from '../protocol/index.ts';
import type { Clock } from './clock.ts';
import type { FrameBatch, LogRead, ReadLimit, ReplayLog } from './replay-log.ts';
import { Block, type Sink } from './sink.ts';

/** What the fan-out has written to each of its readers since the stream began. A reader's share is a difference of two. */
export interface Tally {
  readonly events: number;
  readonly bytes: number;
  /** Monotonic time of the last write, milliseconds. */
  readonly atMs: number;
}

/** A reader that has caught up and is written to together with all others that have. */
export interface LiveReader {
  /** Where the shared blocks go; `null` when its frames have a form of their own: then `deliver` is called. */
  readonly sharedSink: Sink | null;
  /** It is one of those that are written to, beginning after this tally. */
  joined(tally: Tally): void;
  /** Takes over what was written to it: it is about to leave. */
  settle(): void;
  /**
   * Frames that follow the place where it joined or was last delivered to. Returns what reports that they were written:
   * called when all readers have them, as observers may do anything, end connections too.
   */
  deliver(batch: FrameBatch, nowMs: number): () => void;
  /** Its sink took the block and has no room for another. */
  blocked(nowMs: number): void;
  /** Its place is no longer in the log, or the log is complete or cannot be read: it left, and finds out itself. */
  goOn(): void;
}

/** What the fan-out needs of its stream. */
export interface FanoutHost {
  readonly log: ReplayLog;
  readonly clock: Pick<Clock, 'monotonic' | 'setTimeout'>;
  /** Called after each flush that wrote shared blocks to somebody. */
  readonly delivered: (batch: FrameBatch, readers: number) => void;
  readonly failed: (error: Error) => void;
}

/** The largest block written to a connection at once. One more may be on its way in the kernel. */
export const BATCH: ReadLimit = { maxEvents: 4096, maxBytes: 65_536 };

/** A flush to fewer readers than these is over before anything could be gained by waiting. */
const CROWD = 32;
/** Longest time that a publication waits for company, milliseconds. */
const MAX_HOLD_MS = 10;

/**
 * All readers that stand at the same place, the newest event written. Each run of new frames is read once, made a block
 * once, and handed to every reader; a reader that blocks leaves and comes back when it has caught up by itself.
 *
 * Where they stand and what they were written is kept once for all: a delivery touches the reader's sink and nothing
 * else. With thousands of connections, each object more that it touched was a cache miss, a tenth of the cost.
 */
export class Fanout {
  readonly #host: FanoutHost;
  readonly #live = new Map<LiveReader, Sink | null>();
  readonly #joining = new Set<LiveReader>();
  #at: Position = { epoch: '', seq: 0 };
  #tally: Tally = { events: 0, bytes: 0, atMs: 0 };
  /** Takes back the flush that is to come; `null` when none is. */
  #unschedule: (() => void) | null = null;
  /** When the flush to come is due, monotonic; -Infinity when it comes in a microtask. */
  #dueMs = Number.NEGATIVE_INFINITY;
  #flushMs = 0;
  #flushedMs = Number.NEGATIVE_INFINITY;
  /** The oldest event that the log held after the last flush. */
  #oldest = 1;
  #reading = false;
  /** A flush came while the log was read: the answer may be older than what it was to write. */
  #missed = false;

  constructor(host: FanoutHost) {
    this.#host = host;
  }

  /** The place where those that are caught up stand. */
  get at(): Position {
    return this.#at;
  }

  get tally(): Tally {
    return this.#tally;
  }

  /** Whether a reader is one of those that are written to. */
  carries(reader: LiveReader): boolean {
    return this.#live.has(reader);
  }

  /** Number of readers that are caught up. */
  get size(): number {
    return this.#live.size;
  }

  /**
   * There may be something new. The flush comes in a microtask: a burst of publications in one turn then costs one write
   * per connection, and a single one is delayed by nothing that can be measured.
   *
   * When the last flush has only just ended, this one waits until the event loop was free for as long as that took. So a
   * flood of publications cannot keep the loop from everything else, and what comes meanwhile shares one write per
   * connection. Publications that leave the loop idle half of the time never wait.
   *
   * A publisher that lets no timer run, or whose events drive each other out of the log, is not waited for.
   */
  wake(): void {
    if (this.#unschedule && !this.#isHeldTooLong()) return;
    const waitMs = this.#unschedule || this.#isCrowdedOut() ? 0 : this.#holdMs();
    this.#unschedule?.();
    if (waitMs > 0) {
      const delayMs = Math.ceil(waitMs);
      this.#dueMs = this.#host.clock.monotonic() + delayMs;
      this.#unschedule = this.#host.clock.setTimeout(() => this.flush(), delayMs);
      return;
    }
    this.#dueMs = Number.NEGATIVE_INFINITY;
    let due = true;
    this.#unschedule = () => {
      due = false;
    };
    queueMicrotask(() => {
      if (due) this.flush();
    });
  }

  /** Writes at once what a scheduled flush would write. */
  flush(): void {
    if (!this.#unschedule) return;
    this.#unschedule();
    this.#unschedule = null;
    if (this.#reading) this.#missed = true;
    else this.#run();
  }

  #holdMs(): number {
    if (this.#live.size < CROWD) return 0;
    const idleMs = this.#host.clock.monotonic() - this.#flushedMs;
    return Math.min(MAX_HOLD_MS, this.#flushMs - idleMs);
  }

  #isHeldTooLong(): boolean {
    if (this.#dueMs === Number.NEGATIVE_INFINITY) return false; // the microtask is on its way
    return this.#isCrowdedOut() || this.#host.clock.monotonic() >= this.#dueMs;
  }

  /** Whether the log, if it drops as much again as it has since the last flush, drops what waits to be written. */
  #isCrowdedOut(): boolean {
    const { oldest } = this.#host.log.bounds();
    const dropped = oldest - this.#oldest;
    return dropped > 0 && dropped >= this.#at.seq + 1 - oldest;
  }

  /** A reader that has read everything up to `at` joins. It may be asked to `goOn` if the others are elsewhere. */
  join(reader: LiveReader, at: Position): void {
    if (this.#live.size === 0 && !this.#reading) this.#at = at;
    else if (!this.#isAt(at)) this.#run(); // the others are a flush behind
    if (!this.#reading && (this.#live.size === 0 || this.#isAt(at))) {
      this.#at = at;
      this.#live.set(reader, reader.sharedSink);
      reader.joined(this.#tally);
      const { epoch, head, ended } = this.#host.log.bounds();
      if (ended || head !== at.seq || epoch !== at.epoch) this.wake();
    } else {
      this.#joining.add(reader);
      if (!this.#reading) this.wake(); // otherwise it goes on when the answer is here
    }
  }

  leave(reader: LiveReader): void {
    if (this.#live.has(reader)) {
      reader.settle();
      this.#live.delete(reader);
    }
    this.#joining.delete(reader);
    if (this.#live.size > 0 || this.#joining.size > 0) return;
    this.#unschedule?.();
    this.#unschedule = null;
  }

  #isAt(at: Position): boolean {
    return at.seq === this.#at.seq && at.epoch === this.#at.epoch;
  }

  #run(): void {
    // Asked anew each time: observers are told of each batch, and may have made another flush begin to read.
    while (!this.#reading && this.#live.size > 0) {
      let result: LogRead | Promise<LogRead>;
      try {
        result = this.#host.log.read(this.#at, BATCH);
      } catch (error) {
        this.#fail(error);
        break;
      }
      if (result instanceof Promise) {
        this.#reading = true;
        result.then(
          (read) => {
            this.#reading = false;
            this.#goOn(this.#apply(read));
          },
          (error: unknown) => {
            this.#reading = false;
            this.#fail(error);
            this.#goOn(false);
          },
        );
        return;
      }
      if (!this.#apply(result)) break;
    }
    if (!this.#reading) this.#release();
  }

  /** After an answer that came later. */
  #goOn(more: boolean): void {
    const missed = this.#missed;
    this.#missed = false;
    if (!more) this.#release();
    if (more || missed) this.#run();
  }

  /** Returns whether to read on. */
  #apply(read: LogRead): boolean {
    if (read.kind === 'batch') {
      const block = new Block(read.bytes);
      const nowMs = this.#host.clock.monotonic();
      this.#at = { epoch: this.#at.epoch, seq: read.lastSeq };
      const { events, bytes } = this.#tally;
      this.#tally = {
        events: events + read.lastSeq - read.firstSeq + 1,
        bytes: bytes + read.bytes.length,
        atMs: nowMs,
      };
      const readers = this.#live.size;
      const alone: (() => void)[] = []; // the rare ones: this runs for each delivery
      this.#live.forEach((sink, reader) => {
        if (!sink) alone.push(reader.deliver(read, nowMs));
        else if (!sink.write(block)) reader.blocked(nowMs);
      });
      this.#flushedMs = this.#host.clock.monotonic();
      this.#flushMs = this.#flushedMs - nowMs;
      this.#oldest = this.#host.log.bounds().oldest;
      for (const report of alone) report();
      if (readers > alone.length) this.#host.delivered(read, readers - alone.length);
      return true;
    }
    const { epoch, head, ended } = this.#host.log.bounds();
    const complete = ended && head === this.#at.seq && epoch === this.#at.epoch;
    if (read.kind === 'gone' || complete) this.#dismiss();
    return false;
  }

  #fail(error: unknown): void {
    this.#host.failed(error instanceof Error ? error : new Error(String(error)));
    this.#dismiss();
  }

  #dismiss(): void {
    const readers = [...this.#live.keys()];
    for (const reader of readers) reader.settle();
    this.#live.clear();
    for (const reader of readers) reader.goOn();
  }

  #release(): void {
    if (this.#joining.size === 0) return;
    const readers = [...this.#joining];
    this.#joining.clear();
    for (const reader of readers) reader.goOn();
  }
}
