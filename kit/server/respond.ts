import {
  EVENT_STREAM_TYPE,
  LAST_EVENT_ID_HEADER,
  LAST_EVENT_ID_QUERY,
  SseKitError,
  STREAM_RESUME_HEADER,
} from '../protocol/index.ts';
import { Connection, type ConnectionOwner, type ConnectionSettings } from './connection.ts';
import type { Connections } from './connections.ts';
import { corsAnswer, preflightHeaders } from './cors.ts';
import type { RejectReason } from './facts.ts';
import type { ResolvedOptions } from './options.ts';
import { queryParameter, type StreamReply, type StreamRequest } from './request.ts';
import { shorten } from './resume.ts';
import type { Session } from './session.ts';
import type { Sink, SinkEvents } from './sink.ts';

/** What the auth hook says about a request. */
export type Authorization =
  | {
      readonly allow: true;
      /** Key under which the connection is counted for `maxConnectionsPerKey`: a user, a tenant, an address. */
      readonly key?: string;
      /** When the permission ends, unix milliseconds: the response then ends with `stream.drain` auth-expired. */
      readonly expiresUnixMs?: number;
      /** Whether the client may resume from the cursor it sent; default true. `false` means no replay at all. */
      readonly resume?: boolean;
    }
  | {
      readonly allow: false;
      /** Default 401. */
      readonly status?: 401 | 403;
    };

/**
 * Called once for each request that asks for a stream, with the cursor it sent.
 * What it throws is the caller's: adapters pass it on as a server error.
 */
export type Authorize = (
  request: StreamRequest,
  context: { readonly streams: readonly string[]; readonly cursor: string | null },
) => Authorization | Promise<Authorization>;

const EVERYBODY: Authorization = { allow: true };
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Answers requests for a stream, or for several streams on one connection: the whole of HTTP, without a framework. */
export class Responder {
  readonly #options: ResolvedOptions;
  readonly #connections: Connections;
  readonly #owner: ConnectionOwner;

  constructor(options: ResolvedOptions, connections: Connections) {
    this.#options = options;
    this.#connections = connections;
    this.#owner = {
      monotonic: () => options.clock.monotonic(),
      closed: (connection) => this.#closed(connection),
    };
  }

  /**
   * @param makeSession prepares what the connection will read: called after method, origin and authorization are settled.
   * `null` where there is no such stream.
   */
  async respond(
    request: StreamRequest,
    streams: readonly string[],
    makeSession: () => Session | null,
  ): Promise<StreamReply> {
    const { cors, methods, authorize } = this.#options;
    const allowed = [...methods, 'HEAD', 'OPTIONS'];
    const name = streams.join(',');
    const origin = corsAnswer(cors, request);
    const reject = (reason: RejectReason, status: number, headers: Record<string, string> = {}) =>
      this.#reject(request, name, reason, status, { ...origin.headers, ...headers });

    if (request.method === 'OPTIONS') {
      const preflight = cors && origin.allowed ? preflightHeaders(cors, allowed) : {};
      return empty(204, { Allow: allowed.join(', '), ...origin.headers, ...preflight });
    }
    if (!allowed.includes(request.method)) return reject('method', 405, { Allow: allowed.join(', ') });
    if (!origin.allowed) return reject('origin', 403);

    const cursor =
      request.header(LAST_EVENT_ID_HEADER) || queryParameter(request, LAST_EVENT_ID_QUERY) || null;
    const authorization = authorize ? await authorize(request, { streams, cursor }) : EVERYBODY;
    // A hook that answers nothing, or something else, has let nobody in.
    if (authorization?.allow !== true) {
      const status = authorization?.status ?? 401;
      return reject(status === 401 ? 'unauthorized' : 'forbidden', status);
    }
    const expiresUnixMs = authorization.expiresUnixMs ?? Number.POSITIVE_INFINITY;
    // Written so that NaN, of a date that could not be read, is no permission without end.
    if (!(expiresUnixMs > this.#options.clock.now())) return reject('unauthorized', 401);

    const key = authorization.key ?? null;
    const admission = this.#connections.admit(key);
    if (admission !== 'admitted') {
      return reject(admission, 503, { 'Retry-After': String(this.#options.nextRetryAfterSeconds()) });
    }
    let handedOver = false;
    try {
      const session = makeSession();
      if (!session) return reject('unknown-stream', 404);
      const plan = await session.plan(cursor, authorization.resume ?? true);
      if (plan.kind === 'nothing-left') return reject('ended', 204);
      const headers = this.#headers(origin.headers, plan.header);
      if (request.method === 'HEAD') return empty(200, headers);
      handedOver = true;
      return {
        status: 200,
        headers,
        body: {
          kind: 'stream',
          start: (connect) => {
            const connection = this.#connect(this.#settings(request, key, expiresUnixMs), connect);
            session.attach(connection);
            this.#connections.add(connection);
            this.#options.emit({
              kind: 'connection-opened',
              ...this.#stamp(connection),
              resume: plan.outcome,
              requested: cursor === null ? null : shorten(cursor),
              behind: connection.behind,
              ...(key === null ? {} : { key }),
            });
            session.begin();
            this.#connections.begun(connection);
          },
        },
      };
    } catch (error) {
      // The log cannot be read: that passes, so the client is told to come back instead of to give up.
      const message = error instanceof Error ? error.message : String(error);
      const code = error instanceof SseKitError ? error.code : 'ERR_LOG_UNAVAILABLE';
      const atMs = this.#options.clock.now();
      this.#options.emit({ kind: 'log-failed', atMs, stream: name, code, message });
      return reject('log-failed', 503, { 'Retry-After': String(this.#options.nextRetryAfterSeconds()) });
    } finally {
      if (!handedOver) this.#connections.release(key);
    }
  }

  /** Makes the connection of an admitted request, or gives its place back. */
  #connect(settings: ConnectionSettings, connect: (events: SinkEvents) => Sink): Connection {
    try {
      return new Connection(settings, connect, this.#owner);
    } catch (error) {
      this.#connections.release(settings.key);
      throw error;
    }
  }

  #headers(origin: Readonly<Record<string, string>>, resume: string): Record<string, string> {
    return {
      'Content-Type': EVENT_STREAM_TYPE,
      'Cache-Control': 'no-cache, no-transform',
      'X-Accel-Buffering': 'no',
      [canonical(STREAM_RESUME_HEADER)]: resume,
      ...origin,
      ...this.#options.headers,
    };
  }

  #settings(request: StreamRequest, key: string | null, expiresUnixMs: number): ConnectionSettings {
    const openedMs = this.#options.clock.monotonic();
    const traceparent = request.header('traceparent');
    return {
      id: this.#options.nextConnectionId(),
      key,
      traceparent: traceparent !== null && TRACEPARENT.test(traceparent) ? traceparent : null,
      openedMs,
      endsMs: openedMs + this.#options.nextLifeMs(),
      expiresUnixMs,
    };
  }

  #closed(connection: Connection): void {
    this.#connections.remove(connection);
    this.#options.emit({
      kind: 'connection-closed',
      ...this.#stamp(connection),
      reason: connection.reason ?? 'client-gone',
      durationMs: this.#options.clock.monotonic() - connection.settings.openedMs,
      events: connection.events,
      bytes: connection.bytes,
    });
  }

  #stamp(connection: Connection) {
    const { id, traceparent } = connection.settings;
    return {
      atMs: this.#options.clock.now(),
      stream: connection.streams,
      connection: id,
      ...(traceparent === null ? {} : { traceparent }),
    };
  }

  #reject(
    request: StreamRequest,
    stream: string,
    reason: RejectReason,
    status: number,
    headers: Record<string, string>,
  ): StreamReply {
    const retryAfter = headers['Retry-After'];
    this.#options.emit({
      kind: 'connection-rejected',
      atMs: this.#options.clock.now(),
      stream,
      reason,
      status,
      ...(retryAfter === undefined ? {} : { retryAfterSeconds: Number(retryAfter) }),
    });
    if (status === 204 || request.method === 'HEAD') return empty(status, headers);
    return {
      status,
      headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers },
      body: { kind: 'text', text: JSON.stringify({ error: reason }) },
    };
  }
}

function empty(status: number, headers: Readonly<Record<string, string>>): StreamReply {
  return { status, headers: { 'Cache-Control': 'no-store', ...headers }, body: { kind: 'none' } };
}

function canonical(header: string): string {
  return header.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());
}
