import { type EventMeta, MAX_VECTOR_LENGTH, quote, SseKitError } from '../protocol/index.ts';
import { isStreamName, longestVector } from '../protocol/vector-cursor.ts';
import type { Connections, DrainResult } from './connections.ts';
import { createEndedLog, EndedStreams } from './ended-streams.ts';
import {
  createConnections,
  createCore,
  type DrainOptions,
  drain,
  type StreamEndpoint,
} from './event-stream.ts';
import { createMemoryLog } from './memory-log.ts';
import { MultiSession } from './multi-session.ts';
import { type ResolvedOptions, resolveOptions, type ServerOptions } from './options.ts';
import type { ReplayLog } from './replay-log.ts';
import type { StreamReply, StreamRequest } from './request.ts';
import { Responder } from './respond.ts';
import { SingleSession } from './session.ts';
import { emptyStats, type StreamCore, type StreamStats } from './stream-core.ts';

/** Options of a hub. What streams share (limits, drain, hooks) counts for all of its streams together. */
export interface StreamHubOptions extends ServerOptions {
  /** Name of the hub in facts about all streams together; default `hub`. */
  readonly name?: string;
  /** Makes the log of a stream; default a memory log of 1,000 events and 1 MiB. */
  readonly log?: (key: string) => ReplayLog;
  /** CloudEvents `source` of a stream; default `/streams/<key>`. */
  readonly source?: (key: string) => string;
  /** A stream that nobody reads and nobody publishes to is let go after this time; default 300,000 ms. */
  readonly idleMs?: number;
  /**
   * Most streams at once; default 10,000. More are refused, not traded against others. Of so many complete ones that
   * were let go (and are in memory only) the end is remembered.
   */
  readonly maxStreams?: number;
  /** Most streams on one connection; default 16. */
  readonly maxTopics?: number;
  /** Whether a request may be the first use of a stream; default true. Otherwise it gets 404. */
  readonly createOnConnect?: boolean;
}

/** One stream of a hub, by key. A handle may be kept: it finds its stream anew when that was let go. */
export interface HubStream extends StreamEndpoint {
  readonly key: string;
  /** See `EventStream.publish`; also `ERR_TOO_MANY_STREAMS`. */
  publish(type: string, data: unknown, meta?: EventMeta): Promise<string>;
  /**
   * See `EventStream.end`. What is left stays readable until the stream is idle for `idleMs`; after that, clients are
   * told what they missed and that it ended, or get 204, until somebody publishes to the key again.
   */
  end(): Promise<void>;
  /** Does not make the stream: one that does not exist is empty, with epoch ''. */
  stats(): StreamStats;
}

/** Many streams by key: per order, per user, per generation. */
export interface StreamHub {
  readonly name: string;
  /** @throws SseKitError `ERR_INVALID_KEY` for an empty key, or one of more than 256 characters. */
  stream(key: string): HubStream;
  /**
   * Several streams on one connection, with a vector cursor (PROTOCOL.md).
   * @throws SseKitError `ERR_INVALID_TOPICS` for none, a repeated one, more than `maxTopics`, or names that are together
   * too long for a cursor (about 2,500 characters as URLs write them).
   */
  streams(keys: readonly string[]): StreamEndpoint;
  /** Keys of the streams in memory. */
  keys(): readonly string[];
  /** Open responses of all streams. */
  readonly connections: number;
  readonly draining: boolean;
  /** Ends all responses of all streams in good order; see `EventStream.drain`. */
  drain(options?: DrainOptions): Promise<DrainResult>;
  /** Cuts all responses and closes all logs. */
  close(): Promise<void>;
}

/**
 * Makes a hub.
 * @throws SseKitError `ERR_INVALID_OPTION`
 */
export function createStreamHub(options: StreamHubOptions = {}): StreamHub {
  return new Hub(options);
}

/** The values of the query parameter `topic` of a request, each once: `?topic=orders&topic=chat`. */
export function requestedTopics(request: { readonly url?: string | undefined }): string[] {
  const at = request.url?.indexOf('?') ?? -1;
  return at < 0 ? [] : [...new Set(new URLSearchParams(request.url?.slice(at + 1)).getAll('topic'))];
}

interface Held {
  readonly core: StreamCore;
  usedMs: number;
}

const LONGEST_KEY = 256;
/** A timer that is set further away fires at once (idleMs may be Infinity). */
const LONGEST_SWEEP_MS = 24 * 3_600_000;

class Hub implements StreamHub {
  readonly name: string;
  readonly #options: ResolvedOptions;
  readonly #hub: Required<Pick<StreamHubOptions, 'idleMs' | 'maxStreams' | 'maxTopics' | 'createOnConnect'>>;
  readonly #makeLog: (key: string) => ReplayLog;
  readonly #source: ((key: string) => string) | undefined;
  readonly #connections: Connections;
  readonly #responder: Responder;
  readonly #held = new Map<string, Held>();
  readonly #closing = new Map<string, Promise<void>>();
  readonly #ended: EndedStreams;
  #cancelSweep: (() => void) | null = null;
  #closed = false;

  constructor(options: StreamHubOptions) {
    const { idleMs = 300_000, maxStreams = 10_000, maxTopics = 16, createOnConnect = true } = options;
    for (const [name, value] of Object.entries({ idleMs, maxStreams, maxTopics })) {
      if (!(value >= 1))
        throw new SseKitError('ERR_INVALID_OPTION', `${name} must be at least 1, got ${quote(value)}`);
    }
    this.name = options.name ?? 'hub';
    this.#options = resolveOptions(options);
    this.#hub = { idleMs, maxStreams, maxTopics, createOnConnect };
    this.#ended = new EndedStreams(maxStreams);
    this.#makeLog = options.log ?? (() => createMemoryLog({ maxEvents: 1000, maxBytes: 1024 * 1024 }));
    this.#source = options.source;
    this.#connections = createConnections(this.name, this.#options);
    this.#responder = new Responder(this.#options, this.#connections);
  }

  get connections(): number {
    return this.#connections.size;
  }

  get draining(): boolean {
    return this.#connections.draining;
  }

  keys(): readonly string[] {
    return [...this.#held.keys()];
  }

  stream(key: string): HubStream {
    assertKey(key);
    return {
      key,
      publish: async (type, data, meta) => this.#use(key).publish(type, data, meta),
      end: async () => {
        if (!this.#ended.has(key)) await this.#use(key).end();
      },
      stats: () => this.#held.get(key)?.core.stats() ?? emptyStats(key),
      handle: (request) => this.#handle(request, [key]),
      drain: (options) => this.drain(options),
    };
  }

  streams(keys: readonly string[]): StreamEndpoint {
    const { maxTopics } = this.#hub;
    if (keys.length === 0 || keys.length > maxTopics || new Set(keys).size !== keys.length) {
      throw new SseKitError(
        'ERR_INVALID_TOPICS',
        `need 1 to ${maxTopics} different topics, got ${quote(keys)}`,
      );
    }
    keys.forEach(assertKey);
    if (longestVector(keys) > MAX_VECTOR_LENGTH) {
      throw new SseKitError(
        'ERR_INVALID_TOPICS',
        `a cursor of these topics could be longer than ${MAX_VECTOR_LENGTH} characters: ${quote(keys)}`,
      );
    }
    return {
      handle: (request) => this.#handle(request, keys),
      drain: (options) => this.drain(options),
    };
  }

  drain(options?: DrainOptions): Promise<DrainResult> {
    return drain(this.#connections, options);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelSweep?.();
    this.#connections.shut();
    const cores = [...this.#held.values()].map(({ core }) => core);
    this.#held.clear();
    await Promise.all([...cores.map(async (core) => core.close()), ...this.#closing.values()]);
  }

  #handle(request: StreamRequest, keys: readonly string[]): Promise<StreamReply> {
    return this.#responder.respond(request, keys, () => {
      if (!this.#hub.createOnConnect && !keys.every((key) => this.#exists(key))) return null;
      const cores = keys.map((key) => this.#over(key) ?? this.#use(key));
      const [only] = cores;
      return cores.length === 1 && only
        ? new SingleSession(only, this.#options)
        : new MultiSession(cores, this.#options);
    });
  }

  #exists(key: string): boolean {
    return this.#held.has(key) || this.#ended.has(key);
  }

  /** What a complete stream that was let go has left to say; not kept, it ends with the response. */
  #over(key: string): StreamCore | null {
    const ended = this.#ended.get(key);
    return ended ? createCore(key, createEndedLog(ended), this.#options, this.#source?.(key)) : null;
  }

  /** The stream of a key, made on first use. */
  #use(key: string): StreamCore {
    if (this.#closed) throw new SseKitError('ERR_LOG_CLOSED', 'the hub is closed');
    const usedMs = this.#options.clock.monotonic();
    const held = this.#held.get(key);
    if (held) {
      held.usedMs = usedMs;
      return held.core;
    }
    if (this.#held.size >= this.#hub.maxStreams) {
      throw new SseKitError(
        'ERR_TOO_MANY_STREAMS',
        `the hub holds ${this.#held.size} streams; no room for ${quote(key)}`,
      );
    }
    const core = createCore(
      key,
      this.#makeLog(key),
      this.#options,
      this.#source?.(key),
      this.#closing.get(key),
    );
    this.#ended.forget(key);
    this.#held.set(key, { core, usedMs });
    this.#options.emit({ kind: 'stream-created', ...core.stamp() });
    this.#scheduleSweep();
    return core;
  }

  #scheduleSweep(): void {
    if (this.#cancelSweep !== null) return;
    const { clock } = this.#options;
    this.#cancelSweep = clock.setTimeout(
      () => {
        this.#cancelSweep = null;
        this.#sweep(clock.monotonic());
        if (this.#held.size > 0 && !this.#closed) this.#scheduleSweep();
      },
      Math.min(Math.max(1, this.#hub.idleMs / 4), LONGEST_SWEEP_MS),
    );
  }

  #sweep(nowMs: number): void {
    for (const [key, held] of this.#held) {
      if (held.core.readers.size > 0) held.usedMs = nowMs;
      const idleMs = nowMs - held.usedMs;
      if (idleMs >= this.#hub.idleMs) this.#evict(key, held.core, idleMs);
    }
  }

  #evict(key: string, core: StreamCore, idleMs: number): void {
    this.#held.delete(key);
    this.#ended.remember(key, core.log);
    this.#options.emit({ kind: 'stream-evicted', ...core.stamp(), idleMs });
    const closing = core.close();
    if (!(closing instanceof Promise)) return;
    // The next use of the key opens its log only when this one has let go of the store.
    const over = closing.then(
      () => void this.#closing.delete(key),
      (error: unknown) => {
        this.#closing.delete(key);
        core.reportFailure(error);
      },
    );
    this.#closing.set(key, over);
  }
}

function assertKey(key: string): void {
  if (isStreamName(key) && key !== '' && key.length <= LONGEST_KEY) return;
  throw new SseKitError(
    'ERR_INVALID_KEY',
    `a key has 1 to ${LONGEST_KEY} characters of valid Unicode, got ${quote(key)}`,
  );
}
