import { type EventMeta, quote, SseKitError } from '../protocol/index.ts';
import { isStreamName } from '../protocol/vector-cursor.ts';
import { Connections, type DrainResult } from './connections.ts';
import { createMemoryLog } from './memory-log.ts';
import { assertDrainMs, type ResolvedOptions, resolveOptions, type ServerOptions } from './options.ts';
import type { ReplayLog } from './replay-log.ts';
import type { StreamReply, StreamRequest } from './request.ts';
import { Responder } from './respond.ts';
import { SingleSession } from './session.ts';
import { StreamCore, type StreamStats } from './stream-core.ts';

/** Options of one stream. */
export interface EventStreamOptions extends ServerOptions {
  /** Name of the stream, in `stream.open`, metrics and logs: text of valid Unicode; default `default`. */
  readonly name?: string;
  /** CloudEvents `source`; default `/streams/<name>`. */
  readonly source?: string;
  /** Where events are kept; default `createMemoryLog()`. The stream owns it: `close()` closes it. */
  readonly log?: ReplayLog;
}

/** Something that answers requests for streams and can be shut down: a stream, or a choice of streams of a hub. */
export interface StreamEndpoint {
  /** Answers one request. Never throws for what a client sent; rejects only with what the auth hook throws. */
  handle(request: StreamRequest): Promise<StreamReply>;
  /** See `EventStream.drain`. */
  drain(options?: DrainOptions): Promise<DrainResult>;
}

export interface DrainOptions {
  /** Time after which everything is closed, milliseconds, up to 24 days; default 10,000. */
  readonly withinMs?: number;
}

/** One stream of events. */
export interface EventStream extends StreamEndpoint {
  readonly name: string;
  /**
   * Publishes an event.
   * @returns its position, when the log has it: from here on its loss is announced, never silent.
   * @throws SseKitError `ERR_INVALID_EVENT_TYPE`, `ERR_RESERVED_EVENT_TYPE`, `ERR_CONTROL_CHARACTER`, `ERR_INVALID_DATA`,
   * `ERR_EVENT_TOO_LARGE`, `ERR_INVALID_EXTENSION`, `ERR_INVALID_TRACEPARENT`, `ERR_STREAM_ENDED`, `ERR_LOG_CLOSED`,
   * `ERR_LOG_UNAVAILABLE`
   */
  publish(type: string, data: unknown, meta?: EventMeta): Promise<string>;
  /** Opens the log. Not needed before publishing or connecting, but shows a broken store at the start. */
  open(): Promise<void>;
  /** Completes the stream: clients get what is left and `stream.end`, later ones 204. Publishing then fails. */
  end(): Promise<void>;
  stats(): StreamStats;
  /** Whether a drain has begun. */
  readonly draining: boolean;
  /**
   * Ends all responses in good order within `withinMs`, tells clients when to come back (spread by `acceptPerSecond`),
   * and answers new requests with 503. Resolves by the deadline; publishing still works.
   * @throws SseKitError `ERR_INVALID_OPTION`
   */
  drain(options?: DrainOptions): Promise<DrainResult>;
  /** Cuts all responses and closes the log. Call `drain` before, to part in good order. */
  close(): Promise<void>;
}

/** Time a drain takes at most where none is given. */
const DEFAULT_DRAIN_MS = 10_000;

/**
 * Makes a stream: a shared log and a cursor per connection over it.
 * @throws SseKitError `ERR_INVALID_OPTION`
 */
export function createEventStream(options: EventStreamOptions = {}): EventStream {
  const resolved = resolveOptions(options);
  const name = options.name ?? 'default';
  if (!isStreamName(name)) {
    throw new SseKitError('ERR_INVALID_OPTION', `name must be valid Unicode, got ${quote(name)}`);
  }
  const core = createCore(name, options.log ?? createMemoryLog(), resolved, options.source);
  const connections = createConnections(name, resolved);
  const responder = new Responder(resolved, connections);
  return {
    name,
    handle: (request) => responder.respond(request, [name], () => new SingleSession(core, resolved)),
    publish: (type, data, meta) => core.publish(type, data, meta),
    open: async () => core.open(),
    end: () => core.end(),
    stats: () => core.stats(),
    get draining() {
      return connections.draining;
    },
    drain: (options) => drain(connections, options),
    close: async () => {
      connections.shut();
      await core.close();
    },
  };
}

/** Drains all connections of a stream or hub. */
export async function drain(connections: Connections, options: DrainOptions = {}): Promise<DrainResult> {
  const { withinMs = DEFAULT_DRAIN_MS } = options;
  assertDrainMs(withinMs);
  return connections.drain(withinMs);
}

/** A stream's core with the options that concern it. */
export function createCore(
  name: string,
  log: ReplayLog,
  options: ResolvedOptions,
  source = `/streams/${encodeURIComponent(name)}`,
  openAfter?: Promise<void>,
): StreamCore {
  return new StreamCore({
    name,
    log,
    format: { envelope: options.envelope, eventField: options.eventField, source },
    maxEventBytes: options.maxEventBytes,
    heartbeat: options.heartbeat,
    clock: options.clock,
    emit: options.emit,
    ...(openAfter === undefined ? {} : { openAfter }),
  });
}

/** A registry of connections with the options that concern it. */
export function createConnections(name: string, options: ResolvedOptions): Connections {
  return new Connections({ ...options, name, retryMs: options.nextRetryMs });
}
