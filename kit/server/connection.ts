import type { CloseReason } from './facts.ts';
import type { Block, Sink, SinkEvents } from './sink.ts';

/** One stream's part of a connection: it reads the log and writes through the connection. */
export interface Part {
  /** Name of the stream. */
  readonly stream: string;
  /** Events in the log that were not written yet. */
  readonly behind: number;
  /** The connection takes bytes again: go on reading. */
  resume(): void;
  /** The connection does not drain: read nothing more. */
  pause(): void;
  /** The connection is over. */
  stop(): void;
  /** Writes what is published and waits to be written. */
  flush(): void;
  /** Counts what was written to the connection together with others and not counted yet. */
  settle(): void;
  /** The heartbeat that is true for this connection now; one block is shared by all that stand at the same place. */
  heartbeat(): Block;
}

/** What a connection is told by its registry. Times are on the monotonic clock, in milliseconds. */
export interface ConnectionSettings {
  readonly id: string;
  /** Key the connection is counted under. */
  readonly key: string | null;
  readonly traceparent: string | null;
  readonly openedMs: number;
  /** When the age cap ends it; Infinity for never. */
  readonly endsMs: number;
  /** When its authorization ends, unix milliseconds; Infinity for never. */
  readonly expiresUnixMs: number;
}

/** Whom a connection belongs to: one object for all connections, so that none of them keeps its request alive. */
export interface ConnectionOwner {
  readonly monotonic: () => number;
  /** The connection is over. Called once. */
  readonly closed: (connection: Connection) => void;
}

/**
 * One response: a sink, whether it is blocked, what was written, and how it ends. It holds no queue: while the sink is
 * blocked, its parts stop reading, and the log keeps the events.
 */
export class Connection {
  readonly settings: ConnectionSettings;
  /** Since when the sink is blocked, monotonic; `null` while it takes bytes. */
  blockedMs: number | null = null;
  /** Why the connection is ending; `null` while it is not. */
  reason: CloseReason | null = null;
  closed = false;
  /** Where it writes. Only the fan-out writes past `write`, and tells afterwards: `count`, `blocked`. */
  readonly sink: Sink;
  readonly #owner: ConnectionOwner;
  /** Replaced and never pushed to: an array that grows takes room for sixteen more, for each connection. */
  #parts: readonly Part[] = [];
  #events = 0;
  #bytes = 0;
  #lastWriteMs: number;
  #turn = 0;

  /** @param connect makes the sink, given whom to tell. */
  constructor(settings: ConnectionSettings, connect: (events: SinkEvents) => Sink, owner: ConnectionOwner) {
    this.settings = settings;
    this.#lastWriteMs = settings.openedMs;
    this.#owner = owner;
    this.sink = connect({ onDrain: () => this.#drained(), onClose: () => this.#ended() });
  }

  get parts(): readonly Part[] {
    return this.#parts;
  }

  /** Events written, control frames not counted. */
  get events(): number {
    this.#settle();
    return this.#events;
  }

  /** Bytes written. */
  get bytes(): number {
    this.#settle();
    return this.#bytes;
  }

  /** Monotonic time of the last write. */
  get lastWriteMs(): number {
    this.#settle();
    return this.#lastWriteMs;
  }

  /** Whether nothing more may be written. */
  get over(): boolean {
    return this.closed || this.reason !== null;
  }

  /** Names of the streams, joined by commas. */
  get streams(): string {
    const [first] = this.#parts;
    return this.#parts.length === 1 && first
      ? first.stream
      : this.#parts.map((part) => part.stream).join(',');
  }

  /** Events in the logs that were not written yet. */
  get behind(): number {
    return this.#parts.reduce((sum, part) => sum + part.behind, 0);
  }

  /** The heartbeat that is true now; `null` without a stream. */
  heartbeat(): Block | null {
    return this.#parts[0]?.heartbeat() ?? null;
  }

  add(part: Part): void {
    this.#parts = this.#parts.length === 0 ? [part] : [...this.#parts, part];
  }

  /** Writes a block. Returns false when the writer has to wait for its `resume()`. */
  write(block: Block, nowMs: number): boolean {
    if (this.over) return false;
    this.count(0, block.bytes.length, nowMs);
    if (this.sink.write(block)) return true;
    this.blocked(nowMs);
    return false;
  }

  /** Counts what was written. */
  count(events: number, bytes: number, nowMs: number): void {
    this.#events += events;
    this.#bytes += bytes;
    this.#lastWriteMs = Math.max(this.#lastWriteMs, nowMs);
  }

  /** The sink takes nothing more until it drains. */
  blocked(nowMs: number): void {
    if (this.blockedMs !== null || this.over) return;
    this.blockedMs = nowMs;
    for (const part of this.#parts) part.pause();
  }

  /** Whether the listener behind the connection was closed. */
  get listenerClosed(): boolean {
    return this.sink.closing?.() ?? false;
  }

  /** Ends the response in good order, with a last frame. */
  finish(reason: CloseReason, last: Block | null): void {
    if (this.over) return;
    this.#flush();
    if (this.over) return;
    if (last) this.write(last, this.#owner.monotonic());
    this.reason = reason;
    for (const part of this.#parts) part.stop();
    this.sink.end(reason === 'shutdown');
  }

  /** Cuts the response off. After `finish` it keeps that reason. */
  cut(reason: CloseReason): void {
    if (!this.over) this.#flush();
    if (this.closed) return;
    if (this.reason === null) for (const part of this.#parts) part.stop();
    this.reason ??= reason;
    this.sink.destroy();
  }

  #flush(): void {
    for (const part of this.#parts) part.flush();
  }

  #drained(): void {
    if (this.blockedMs === null) return;
    this.blockedMs = null;
    // A part's writes may block the connection again. The next drain then begins with its neighbour, so that one busy
    // stream cannot starve the others.
    const parts = this.#parts.length;
    for (let turn = 0; turn < parts && this.#takesBytes(); turn++) {
      const part = this.#parts[this.#turn];
      this.#turn = (this.#turn + 1) % parts;
      part?.resume();
    }
  }

  #settle(): void {
    for (const part of this.#parts) part.settle();
  }

  #takesBytes(): boolean {
    return this.blockedMs === null && !this.over;
  }

  #ended(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.reason === null) {
      this.reason = 'client-gone';
      for (const part of this.#parts) part.stop();
    }
    this.#owner.closed(this);
  }
}
