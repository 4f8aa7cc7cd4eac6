import { formatPosition, type Position, SseKitError } from '../protocol/index.ts';
import type { Connection, Part } from './connection.ts';
import { BATCH, type LiveReader, type Tally } from './fanout.ts';
import type { FrameBatch, LogRead } from './replay-log.ts';
import { isWithin, type Loss, planFallOff, type ResumePlan } from './resume.ts';
import type { TopicPlan } from './session.ts';
import { Block, type Sink, textBlock } from './sink.ts';
import type { StreamCore } from './stream-core.ts';

/** How a reader's frames look on its connection: alone, or as one of several streams with a vector cursor. */
export interface Wire {
  /** First frame. `retryMs` was chosen for this connection. */
  open(reader: Reader, topic: TopicPlan): string;
  cannotResume(reader: Reader, loss: Loss): string;
  /** Frames as this connection gets them; `null` to write the shared blocks. */
  readonly rewrite: ((reader: Reader, batch: FrameBatch) => Block) | null;
  heartbeat(reader: Reader): Block;
  /** The stream is complete for this reader; says what else to do with the connection. */
  complete(reader: Reader): void;
}

/** What happens to a connection that fell off the log. */
export type SlowReaderPolicy = 'announce' | 'close';

type Mode = 'catching-up' | 'reading' | 'live' | 'paused' | 'stopped';

/**
 * One cursor of one connection over one log. Replay, live delivery and slow clients are the same thing: read after the
 * cursor, write, move the cursor. Having caught up, it joins the fan-out, where all caught-up readers are written at once.
 */
export class Reader implements Part, LiveReader {
  readonly core: StreamCore;
  readonly connection: Connection;
  readonly #wire: Wire;
  readonly #slowReader: SlowReaderPolicy;
  #epoch: string;
  #seq: number;
  #mode: Mode = 'paused';
  /** The fan-out's tally when it joined, or when it last took over what was written since. */
  #since: Tally | null = null;
  /** Until the opening frames are written, what a reconnect has to ask for. */
  #primer: Position | null;
  /** Events written and since when, until the first time it has caught up after coming with a cursor. */
  #replay: { events: number; readonly startedMs: number } | null;

  constructor(
    core: StreamCore,
    connection: Connection,
    plan: ResumePlan,
    wire: Wire,
    slowReader: SlowReaderPolicy,
  ) {
    this.core = core;
    this.connection = connection;
    this.#wire = wire;
    this.#slowReader = slowReader;
    this.#epoch = plan.start.epoch;
    this.#seq = plan.start.seq;
    this.#primer = plan.primer;
    this.#replay = plan.outcome === 'fresh' ? null : { events: 0, startedMs: core.clock.monotonic() };
    connection.add(this);
    core.readers.add(this);
  }

  /** The place after which it reads on: everything up to here was written. */
  get position(): Position {
    this.settle();
    return { epoch: this.#epoch, seq: this.#seq };
  }

  /** What a client that was written everything so far has to resume from. */
  get cursor(): Position {
    return this.#primer ?? this.position;
  }

  get stream(): string {
    return this.core.name;
  }

  get behind(): number {
    const { seq } = this.position;
    const { epoch, head } = this.core.log.bounds();
    return epoch === this.#epoch ? Math.max(0, head - seq) : head;
  }

  get stopped(): boolean {
    return this.#mode === 'stopped';
  }

  /** Writes the opening frames, as one block. `resume()` then begins the reading. */
  open(topic: TopicPlan): void {
    const { loss } = topic.plan;
    const opening = this.#wire.open(this, topic);
    this.#primer = null;
    this.#writeText(loss ? opening + this.#wire.cannotResume(this, loss) : opening);
    if (loss) this.#reportLoss(loss);
  }

  resume(): void {
    // The opening frames alone may have filled the sink.
    if (this.#mode !== 'paused' || this.connection.blockedMs !== null) return;
    this.#mode = 'catching-up';
    this.#pump();
  }

  pause(): void {
    if (this.#mode === 'live') this.core.fanout.leave(this);
    if (this.#mode === 'live' || this.#mode === 'catching-up') this.#mode = 'paused';
  }

  stop(): void {
    this.core.fanout.leave(this);
    this.core.readers.delete(this);
    this.#mode = 'stopped';
    this.#replayed('interrupted');
  }

  goOn(): void {
    if (this.#mode !== 'live') return;
    this.#mode = 'catching-up';
    this.#pump();
  }

  heartbeat(): Block {
    return this.#wire.heartbeat(this);
  }

  flush(): void {
    if (this.#mode === 'live') this.core.fanout.flush();
  }

  get sharedSink(): Sink | null {
    return this.#wire.rewrite ? null : this.connection.sink;
  }

  joined(tally: Tally): void {
    this.#since = tally;
  }

  settle(): void {
    const { fanout } = this.core;
    const since = this.#since;
    if (!since || this.#wire.rewrite || since === fanout.tally || !fanout.carries(this)) return;
    const { tally } = fanout;
    this.#since = tally;
    this.#seq = fanout.at.seq;
    this.connection.count(tally.events - since.events, tally.bytes - since.bytes, tally.atMs);
  }

  deliver(batch: FrameBatch, nowMs: number): () => void {
    return this.#writeBatch(batch, nowMs, 'live');
  }

  blocked(nowMs: number): void {
    this.connection.blocked(nowMs);
  }

  #pump(): void {
    while (this.#mode === 'catching-up') {
      let result: LogRead | Promise<LogRead>;
      try {
        result = this.core.log.read(this.position, BATCH);
      } catch (error) {
        this.#fail(error);
        return;
      }
      if (result instanceof Promise) {
        this.#mode = 'reading';
        result.then(
          (read) => this.#arrived(read),
          (error: unknown) => this.#fail(error),
        );
        return;
      }
      this.#apply(result);
    }
  }

  #arrived(read: LogRead): void {
    if (this.#mode !== 'reading') return;
    // Another stream's frames may have blocked the connection meanwhile: a batch that is here is written all the same.
    this.#mode = this.connection.blockedMs === null ? 'catching-up' : 'paused';
    if (read.kind === 'batch') this.#write(read);
    else if (this.#mode === 'catching-up') this.#apply(read);
    this.#pump();
  }

  #apply(read: LogRead): void {
    if (read.kind === 'batch') this.#write(read);
    else if (read.kind === 'gone') this.#fellOff();
    else this.#caughtUp();
  }

  #write(batch: FrameBatch): void {
    const events = batch.lastSeq - batch.firstSeq + 1;
    if (this.#replay) this.#replay.events += events;
    this.#writeBatch(batch, this.core.clock.monotonic(), 'catch-up')();
  }

  /** Returns what reports it. */
  #writeBatch(batch: FrameBatch, nowMs: number, path: 'live' | 'catch-up'): () => void {
    this.#seq = batch.lastSeq;
    const block = this.#wire.rewrite?.(this, batch) ?? new Block(batch.bytes);
    this.connection.count(batch.lastSeq - batch.firstSeq + 1, 0, nowMs);
    this.connection.write(block, nowMs);
    const { bytes } = block;
    return () => this.core.reportDelivered(path, { ...batch, bytes }, 1, this.connection.settings.id);
  }

  #caughtUp(): void {
    const { epoch, head, ended } = this.core.log.bounds();
    this.#replayed('complete');
    if (ended && head === this.#seq && epoch === this.#epoch) {
      this.stop();
      this.#wire.complete(this);
      return;
    }
    this.#mode = 'live';
    this.core.fanout.join(this, this.position);
  }

  #fellOff(): void {
    if (this.#slowReader === 'close') {
      this.connection.finish('too-slow', null);
      return;
    }
    const bounds = this.core.log.bounds();
    if (isWithin(this.position, bounds)) {
      // To go on with its oldest event would go back, and perhaps find this place again, and again.
      const place = formatPosition(this.position);
      this.#fail(
        new SseKitError('ERR_LOG_CORRUPT', `the log says that it holds what follows ${place}, and does not`),
      );
      return;
    }
    const plan = planFallOff(this.position, bounds);
    this.#epoch = plan.start.epoch;
    this.#seq = plan.start.seq;
    if (!plan.loss) return;
    this.#writeText(this.#wire.cannotResume(this, plan.loss));
    this.#reportLoss(plan.loss);
  }

  #reportLoss(loss: Loss): void {
    this.core.emit({
      kind: 'cannot-resume',
      ...this.#stamp(),
      reason: loss.reason,
      requested: loss.requested,
      from: loss.from,
      missed: loss.missed,
    });
  }

  #replayed(result: 'complete' | 'interrupted'): void {
    if (!this.#replay) return;
    const { events, startedMs } = this.#replay;
    this.#replay = null;
    const durationMs = this.core.clock.monotonic() - startedMs;
    this.core.emit({ kind: 'replayed', ...this.#stamp(), result, events, durationMs });
  }

  #fail(error: unknown): void {
    if (this.#mode === 'stopped') return;
    this.core.reportFailure(error);
    this.connection.finish('log-failed', null);
  }

  #writeText(text: string): void {
    this.connection.write(textBlock(text), this.core.clock.monotonic());
  }

  #stamp() {
    const { id, traceparent } = this.connection.settings;
    return {
      atMs: this.core.clock.now(),
      stream: this.core.name,
      connection: id,
      ...(traceparent === null ? {} : { traceparent }),
    };
  }
}
