import {
  assertEventMeta,
  assertEventType,
  type EventMeta,
  encodeHeartbeat,
  encodeHeartbeatEvent,
  formatPosition,
  type Position,
  quote,
  SseKitError,
} from '../protocol/index.ts';
import type { Clock } from './clock.ts';
import type { FrameFormat } from './encode.ts';
import { encodeEvent } from './encode.ts';
import type { ServerFact } from './facts.ts';
import { Fanout } from './fanout.ts';
import type { EventDraft, FrameBatch, LogBounds, MaybePromise, ReplayLog } from './replay-log.ts';
import { type Block, textBlock } from './sink.ts';

/** What a stream knows about itself at a moment. Before the log is open it says that it is empty, with epoch ''. */
export interface StreamStats extends LogBounds {
  readonly name: string;
  /** Open responses. */
  readonly connections: number;
  /** Those that have been written everything. */
  readonly caughtUp: number;
  /** Events that the connection furthest behind has not been written. */
  readonly maxBehind: number;
}

/** What is known about a stream that does not exist yet. */
export function emptyStats(name: string): StreamStats {
  return { name, ...UNOPENED, connections: 0, caughtUp: 0, maxBehind: 0 };
}

const UNOPENED: LogBounds = { epoch: '', oldest: 1, head: 0, bytes: 0, oldestUnixMs: null, ended: false };

/** What a stream is made of. */
export interface StreamCoreSettings {
  readonly name: string;
  readonly log: ReplayLog;
  readonly format: FrameFormat;
  /** Longest payload, bytes of JSON text. */
  readonly maxEventBytes: number;
  /** How heartbeats look. */
  readonly heartbeat: 'comment' | 'event' | 'off';
  readonly clock: Clock;
  readonly emit: (fact: ServerFact) => void;
  /** What has to be over before the log may be opened: the closing of its predecessor. */
  readonly openAfter?: Promise<void>;
}

/** What is open on a stream, whatever it is doing. */
export interface OpenReader {
  /** Events in the log that were not written to it yet. */
  readonly behind: number;
}

/** One stream without any connection handling: the log, the way in (publish), and the fan-out to those caught up. */
export class StreamCore {
  readonly name: string;
  readonly log: ReplayLog;
  readonly clock: Clock;
  readonly fanout: Fanout;
  /** Every reader that is not stopped. */
  readonly readers = new Set<OpenReader>();
  readonly emit: (fact: ServerFact) => void;
  readonly #settings: StreamCoreSettings;
  #opened: MaybePromise<void> | null = null;
  #epoch: string | null = null;
  #ended = false;
  #closed: MaybePromise<void> | null = null;
  #heartbeat: { readonly position: Position; readonly unixMs: number; readonly block: Block } | null = null;

  constructor(settings: StreamCoreSettings) {
    this.#settings = settings;
    this.name = settings.name;
    this.log = settings.log;
    this.clock = settings.clock;
    this.emit = settings.emit;
    this.fanout = new Fanout({
      log: settings.log,
      clock: settings.clock,
      delivered: (batch, readers) => this.reportDelivered('live', batch, readers),
      failed: (error) => this.reportFailure(error),
    });
  }

  /** Opens the log once. Synchronous when the log is. A failed opening is tried again by the next caller. */
  open(): MaybePromise<void> {
    if (this.#opened !== null) return this.#opened;
    if (this.#closed !== null) throw new SseKitError('ERR_LOG_CLOSED', 'the stream is closed');
    const { openAfter } = this.#settings;
    const opening = openAfter ? openAfter.then(() => this.#openLog()) : this.#openLog();
    if (!(opening instanceof Promise)) {
      this.#epoch = this.log.bounds().epoch;
      this.#opened = undefined;
      return undefined;
    }
    this.#opened = opening.then(
      () => {
        this.#epoch = this.log.bounds().epoch;
        this.#opened = undefined;
      },
      (error: unknown) => {
        this.#opened = null;
        throw error;
      },
    );
    return this.#opened;
  }

  #openLog(): MaybePromise<void> {
    return this.log.open({
      encode: (position, draft) => encodeEvent(this.#settings.format, position, draft),
      advanced: () => this.#advanced(),
      failed: (error) => this.reportFailure(error),
      now: () => this.clock.now(),
    });
  }

  /** Whether the log is open, and its bounds mean something. */
  get isOpen(): boolean {
    return this.#epoch !== null;
  }

  bounds(): LogBounds {
    return this.log.bounds();
  }

  stats(): StreamStats {
    let maxBehind = 0;
    for (const reader of this.readers) maxBehind = Math.max(maxBehind, reader.behind);
    const bounds = this.isOpen ? this.bounds() : UNOPENED;
    return {
      name: this.name,
      ...bounds,
      connections: this.readers.size,
      caughtUp: this.fanout.size,
      maxBehind,
    };
  }

  /** Validates, appends, and resolves with the position when the log has the event. */
  async publish(type: string, data: unknown, meta: EventMeta = {}): Promise<string> {
    const startedMs = this.clock.monotonic();
    try {
      const draft = this.#draft(type, data, meta);
      const opening = this.open();
      if (opening) await opening;
      const appended = this.log.append(draft);
      const position = appended instanceof Promise ? await appended : appended;
      return this.#published(position, draft, startedMs);
    } catch (error) {
      const code = error instanceof SseKitError ? error.code : 'ERR_LOG_UNAVAILABLE';
      this.emit({ kind: 'publish-failed', ...this.stamp(), type: String(type), code });
      throw error;
    }
  }

  /** Marks the stream complete: readers that have seen everything get `stream.end`. */
  async end(): Promise<void> {
    await this.open();
    await this.log.end();
    this.#advanced();
  }

  close(): MaybePromise<void> {
    if (this.#closed === null) this.#closed = this.#close();
    return this.#closed;
  }

  #close(): MaybePromise<void> {
    const opening = this.#opened;
    if (!(opening instanceof Promise)) return this.log.close();
    // A log that was closed before it had opened would be open for ever after.
    const settled = opening.catch(() => undefined); // its own callers have the error
    return settled.then(() => this.log.close());
  }

  /** The heartbeat for readers that stand at `position`, encoded once for all of them in one turn of the timer. */
  heartbeatAt(position: Position): Block {
    const unixMs = this.clock.now();
    const last = this.#heartbeat;
    if (
      last?.position.seq === position.seq &&
      last.position.epoch === position.epoch &&
      last.unixMs === unixMs
    ) {
      return last.block;
    }
    const heartbeat = { head: position, unixMs };
    const text =
      this.#settings.heartbeat === 'event' ? encodeHeartbeatEvent(heartbeat) : encodeHeartbeat(heartbeat);
    const block = textBlock(text);
    this.#heartbeat = { position, unixMs, block };
    return block;
  }

  reportDelivered(
    path: 'live' | 'catch-up',
    batch: FrameBatch,
    connections: number,
    connection?: string,
  ): void {
    const atMs = this.clock.now();
    this.emit({
      kind: 'delivered',
      atMs,
      stream: this.name,
      path,
      connections,
      events: batch.lastSeq - batch.firstSeq + 1,
      epoch: this.#epoch ?? '',
      firstSeq: batch.firstSeq,
      lastSeq: batch.lastSeq,
      bytes: batch.bytes.length,
      lagMs: Math.max(0, atMs - batch.firstUnixMs),
      ...(connection === undefined ? {} : { connection }),
    });
  }

  reportFailure(error: unknown): void {
    const code = error instanceof SseKitError ? error.code : 'ERR_LOG_UNAVAILABLE';
    const message = error instanceof Error ? error.message : String(error);
    this.emit({ kind: 'log-failed', ...this.stamp(), code, message });
  }

  stamp(): { readonly atMs: number; readonly stream: string } {
    return { atMs: this.clock.now(), stream: this.name };
  }

  #draft(type: string, data: unknown, meta: EventMeta): EventDraft {
    assertEventType(type);
    assertEventMeta(meta);
    const json = toJson(data);
    const { maxEventBytes, format } = this.#settings;
    // A character is at least one byte and at most three, so most payloads need no counting.
    if (json.length * 3 > maxEventBytes && Buffer.byteLength(json) > maxEventBytes) {
      throw new SseKitError(
        'ERR_EVENT_TOO_LARGE',
        `event of ${Buffer.byteLength(json)} bytes exceeds maxEventBytes ${maxEventBytes}: ${quote(json)}`,
      );
    }
    if (format.envelope === 'bare' && data === '') {
      throw new SseKitError('ERR_EMPTY_DATA', 'an event without data is not dispatched by browsers: ""');
    }
    return { ...meta, type, data: json, unixMs: this.clock.now() };
  }

  #published(position: Position, draft: EventDraft, startedMs: number): string {
    const id = formatPosition(position);
    this.emit({
      kind: 'published',
      ...this.stamp(),
      id,
      seq: position.seq,
      type: draft.type,
      bytes: Buffer.byteLength(draft.data),
      durationMs: this.clock.monotonic() - startedMs,
      ...(draft.traceparent === undefined ? {} : { traceparent: draft.traceparent }),
    });
    return id;
  }

  #advanced(): void {
    const { epoch, ended } = this.log.bounds();
    if (this.#epoch !== null && epoch !== this.#epoch) {
      this.emit({ kind: 'epoch-changed', ...this.stamp(), from: this.#epoch, to: epoch });
      this.#epoch = epoch;
    }
    if (ended && !this.#ended) {
      this.#ended = true;
      this.emit({ kind: 'stream-ended', ...this.stamp() });
    }
    this.fanout.wake();
  }
}

function toJson(data: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(data);
  } catch (cause) {
    throw new SseKitError('ERR_INVALID_DATA', `event data is not JSON: ${quote(data)}`, { cause });
  }
  if (json === undefined) {
    throw new SseKitError('ERR_INVALID_DATA', `event data has no JSON form: ${quote(data)}`);
  }
  return json;
}
