import { type DrainReason, encodeDrain } from '../protocol/index.ts';
import type { Clock } from './clock.ts';
import type { Connection } from './connection.ts';
import { planDrain } from './drain-plan.ts';
import type { CloseReason, ServerFact } from './facts.ts';
import { textBlock } from './sink.ts';

/** Bounds and timings of all connections of a stream or hub. */
export interface ConnectionsSettings {
  /** Name for facts about all connections together. */
  readonly name: string;
  readonly maxConnections: number;
  readonly maxConnectionsPerKey: number;
  /** Longest silence, milliseconds; 0 for no heartbeats. */
  readonly heartbeatMs: number;
  readonly writeStallMs: number;
  /** The `retry:` for a connection that is ended alone, milliseconds. */
  readonly retryMs: () => number;
  readonly acceptPerSecond: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly emit: (fact: ServerFact) => void;
}

/** Whether a connection may come in. */
export type Admission = 'admitted' | 'limit-total' | 'limit-key' | 'draining';

/** How a drain ended. */
export interface DrainResult {
  /** Connections at its start. */
  readonly connections: number;
  /** Connections that had to be cut at the deadline. */
  readonly cut: number;
  readonly durationMs: number;
}

const SLOWEST_TICK_MS = 1000;
const FASTEST_TICK_MS = 5;

/**
 * All open connections of a stream or hub: admission, the end of drained ones, and everything that depends on time.
 * One timer looks at all connections a few times per heartbeat interval, instead of one timer per connection that
 * each write would have to restart.
 */
export class Connections {
  readonly #settings: ConnectionsSettings;
  readonly #open = new Set<Connection>();
  readonly #perKey = new Map<string, number>();
  readonly #tickMs: number;
  #cancelTick: (() => void) | null = null;
  #draining: Promise<DrainResult> | null = null;
  #whenEmpty: (() => void) | null = null;
  #reserved = 0;
  #shut = false;

  constructor(settings: ConnectionsSettings) {
    this.#settings = settings;
    const shortest = Math.min(settings.heartbeatMs || Number.POSITIVE_INFINITY, settings.writeStallMs);
    this.#tickMs = Math.max(FASTEST_TICK_MS, Math.min(SLOWEST_TICK_MS, shortest / 8));
  }

  get size(): number {
    return this.#open.size;
  }

  get draining(): boolean {
    return this.#draining !== null;
  }

  [Symbol.iterator](): IterableIterator<Connection> {
    return this.#open.values();
  }

  /**
   * Takes a place, so that concurrent requests cannot pass the limit together. Every `admitted` is followed by either
   * `add` or `release`.
   */
  admit(key: string | null): Admission {
    const { maxConnections, maxConnectionsPerKey } = this.#settings;
    if (this.#draining || this.#shut) return 'draining';
    if (this.#open.size + this.#reserved >= maxConnections) return 'limit-total';
    if (key !== null && (this.#perKey.get(key) ?? 0) >= maxConnectionsPerKey) return 'limit-key';
    this.#reserved += 1;
    if (key !== null) this.#perKey.set(key, (this.#perKey.get(key) ?? 0) + 1);
    return 'admitted';
  }

  /** Gives back a place that was admitted and not used. */
  release(key: string | null): void {
    this.#reserved -= 1;
    this.#leaveKey(key);
  }

  /** Takes over an admitted connection. */
  add(connection: Connection): void {
    this.#reserved -= 1;
    this.#open.add(connection);
    this.#schedule();
  }

  /** The connection has been told what it subscribed to. Ends it again if that was overtaken by a drain or a close. */
  begun(connection: Connection): void {
    if (this.#shut) connection.cut('closed');
    else if (this.#draining)
      connection.finish('shutdown', this.#drainFrame('shutdown', this.#settings.retryMs()));
  }

  /** Called once per connection, when its sink has closed. */
  remove(connection: Connection): void {
    if (!this.#open.delete(connection)) return;
    this.#leaveKey(connection.settings.key);
    if (this.#open.size > 0) return;
    this.#cancelTick?.();
    this.#cancelTick = null;
    this.#whenEmpty?.();
  }

  /**
   * Ends all connections in good order, spread over `withinMs`, and refuses new ones. Resolves when all are closed, at the
   * latest at the deadline; what is still open then is cut. A second call gets the first one's result.
   */
  drain(withinMs: number): Promise<DrainResult> {
    this.#draining ??= this.#drain(withinMs);
    return this.#draining;
  }

  /** Cuts everything off, now and from now on. */
  shut(): void {
    this.#shut = true;
    this.#cutAll('closed');
  }

  #cutAll(reason: CloseReason): void {
    for (const connection of [...this.#open]) connection.cut(reason);
  }

  async #drain(withinMs: number): Promise<DrainResult> {
    const { clock, emit, name, random, acceptPerSecond } = this.#settings;
    const startedMs = clock.monotonic();
    const connections = [...this.#open];
    const total = connections.length;
    const { steps, returnWindowMs } = planDrain({
      connections: total,
      // The last ones need time to get their last frame.
      endWindowMs: withinMs * 0.8,
      acceptPerSecond,
      minRetryMs: this.#settings.retryMs(),
      random,
    });
    const stamp = () => ({ atMs: clock.now(), stream: name });
    emit({ kind: 'drain-started', ...stamp(), connections: total, withinMs, returnWindowMs });
    const cancels = new Set<() => void>();
    const progressEvery = Math.max(1, Math.ceil(total / 10));
    connections.forEach((connection, index) => {
      const step = steps[index];
      if (!step) return;
      const end = () => {
        connection.finish('shutdown', this.#drainFrame('shutdown', step.retryMs));
        const remaining = total - index - 1;
        if (remaining % progressEvery === 0) emit({ kind: 'drain-progress', ...stamp(), remaining, total });
      };
      if (step.endAfterMs < 1) end();
      else cancels.add(clock.setTimeout(end, step.endAfterMs));
    });
    const empty = await this.#untilEmpty(withinMs);
    for (const cancel of cancels) cancel();
    const cut = empty ? 0 : this.#open.size;
    this.#cutAll('shutdown');
    const durationMs = clock.monotonic() - startedMs;
    emit({ kind: 'drain-finished', ...stamp(), durationMs, cut });
    return { connections: total, cut, durationMs };
  }

  /** Resolves with true when no connection is open, with false at the deadline. */
  #untilEmpty(withinMs: number): Promise<boolean> {
    if (this.#open.size === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const cancel = this.#settings.clock.setTimeout(() => resolve(false), withinMs);
      this.#whenEmpty = () => {
        cancel();
        resolve(true);
      };
    });
  }

  #drainFrame(reason: DrainReason, retryMs: number) {
    return textBlock(encodeDrain({ reason }, retryMs));
  }

  #schedule(): void {
    if (this.#cancelTick !== null) return;
    this.#cancelTick = this.#settings.clock.setTimeout(() => {
      this.#cancelTick = null;
      if (this.#open.size > 0) this.#schedule();
      this.#tick();
    }, this.#tickMs);
  }

  #tick(): void {
    const nowMs = this.#settings.clock.monotonic();
    const unixMs = this.#settings.clock.now();
    const beats = new Map<string, { connections: number; bytes: number }>();
    for (const connection of this.#open) {
      if (this.#end(connection, nowMs, unixMs)) continue;
      this.#beat(connection, nowMs, beats);
    }
    for (const [stream, { connections, bytes }] of beats) {
      this.#settings.emit({ kind: 'heartbeats', atMs: unixMs, stream, connections, bytes });
    }
  }

  /** Ends a connection whose time has come. Returns whether it did. */
  #end(connection: Connection, nowMs: number, unixMs: number): boolean {
    const { endsMs, expiresUnixMs } = connection.settings;
    const { writeStallMs } = this.#settings;
    const stuckMs = connection.over ? connection.lastWriteMs : connection.blockedMs;
    if (stuckMs !== null && nowMs - stuckMs >= writeStallMs) {
      this.#stalled(connection, nowMs - stuckMs);
      return true;
    }
    if (connection.over) return true;
    const reason: DrainReason | null =
      !this.#draining && connection.listenerClosed
        ? 'shutdown'
        : unixMs >= expiresUnixMs
          ? 'auth-expired'
          : nowMs >= endsMs
            ? 'max-age'
            : null;
    if (reason === null) return false;
    // A closed listener ends all its connections in one tick, so their returns need spreading as in a drain.
    const spreadMs = reason === 'shutdown' ? (this.#open.size * 1000) / this.#settings.acceptPerSecond : 0;
    const retryMs = Math.round(this.#settings.retryMs() + spreadMs * this.#settings.random());
    connection.finish(reason, this.#drainFrame(reason, retryMs));
    return true;
  }

  #stalled(connection: Connection, stalledMs: number): void {
    if (!connection.over) {
      this.#settings.emit({
        kind: 'connection-stalled',
        atMs: this.#settings.clock.now(),
        stream: connection.streams,
        connection: connection.settings.id,
        stalledMs,
        behind: connection.behind,
      });
    }
    connection.cut('stalled');
  }

  #beat(
    connection: Connection,
    nowMs: number,
    beats: Map<string, { connections: number; bytes: number }>,
  ): void {
    const { heartbeatMs } = this.#settings;
    // One tick early, so that no silence is longer than announced.
    if (heartbeatMs === 0 || connection.blockedMs !== null) return;
    if (nowMs - connection.lastWriteMs < heartbeatMs - this.#tickMs) return;
    const block = connection.heartbeat();
    if (!block) return;
    connection.write(block, nowMs);
    const sum = beats.get(connection.streams) ?? { connections: 0, bytes: 0 };
    beats.set(connection.streams, {
      connections: sum.connections + 1,
      bytes: sum.bytes + block.bytes.length,
    });
  }

  #leaveKey(key: string | null): void {
    if (key === null) return;
    const left = (this.#perKey.get(key) ?? 1) - 1;
    if (left > 0) this.#perKey.set(key, left);
    else this.#perKey.delete(key);
  }
}
