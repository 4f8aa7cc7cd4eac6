import { createEpoch, MAX_CURSOR_LENGTH, quote, SseKitError } from '../protocol/index.ts';
import { type Clock, systemClock } from './clock.ts';
import type { CorsOptions } from './cors.ts';
import type { ServerFact, ServerObserver } from './facts.ts';
import type { SlowReaderPolicy } from './reader.ts';
import type { Authorize } from './respond.ts';
import type { FreshFrom } from './resume.ts';

/** Options that streams and hubs share. Times in milliseconds. */
export interface ServerOptions {
  /** `data:` is a CloudEvents envelope (default) or the payload alone (`bare`; strings are then sent as they are). */
  readonly envelope?: 'cloudevents' | 'bare';
  /** Whether `event:` is written; default true. Without it every event fires `EventSource.onmessage`. */
  readonly eventField?: boolean;
  /** Where a subscription without a cursor begins; default `head`. `oldest` suits streams that are joined late. */
  readonly freshFrom?: FreshFrom;
  /** Longest payload, bytes of JSON text; default 1 MiB. */
  readonly maxEventBytes?: number;
  /** How heartbeats look: a comment (default), an event for native EventSource, or none. */
  readonly heartbeat?: 'comment' | 'event' | 'off';
  /** Longest silence on a healthy connection; default 15,000. */
  readonly heartbeatMs?: number;
  /** The `retry:` of `stream.open`, before jitter; default 2,000. */
  readonly retryMs?: number;
  /** Share by which `retry:` and `Retry-After` vary around their base, 0 to 1; default 0.5. */
  readonly retryJitter?: number;
  /** The `Retry-After` of a 503, before jitter; default 5,000. */
  readonly retryAfterMs?: number;
  /** What happens to a connection that falls off the log: the loss is announced (default), or it is closed. */
  readonly slowReader?: SlowReaderPolicy;
  /** How long a connection may not drain before it is cut; default 30,000. */
  readonly writeStallMs?: number;
  /** Longest life of a connection; default unlimited. Keep it below the lifetime cap of the proxies in front. */
  readonly maxAgeMs?: number;
  /** Share by which lives are shortened at random, 0 to 1, so that reconnects spread; default 0.2. */
  readonly maxAgeJitter?: number;
  /** Most connections; default 10,000. More get 503. */
  readonly maxConnections?: number;
  /** Most connections under one key of the auth hook; default unlimited. */
  readonly maxConnectionsPerKey?: number;
  /** Rate at which clients are told to come back after a drain, per second; default 100. */
  readonly acceptPerSecond?: number;
  /** Longest cursor that is read, characters; default 1,024. */
  readonly maxCursorLength?: number;
  /** Methods that open a stream; default `['GET']`. HEAD and OPTIONS are always answered. */
  readonly methods?: readonly ('GET' | 'POST')[];
  /** Decides who may connect and resume, under which key, until when; default: everybody. */
  readonly authorize?: Authorize;
  /** Other origins that may read; default none (no CORS headers are sent). */
  readonly cors?: CorsOptions;
  /** Further response headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Receives every fact. */
  readonly observe?: ServerObserver;
  /** Time source; default the system's. */
  readonly clock?: Clock;
  /** Source of [0, 1); default `Math.random`. */
  readonly random?: () => number;
}

/** Server options with defaults filled in and checked. */
export interface ResolvedOptions {
  readonly envelope: 'cloudevents' | 'bare';
  readonly eventField: boolean;
  readonly freshFrom: FreshFrom;
  readonly maxEventBytes: number;
  readonly heartbeat: 'comment' | 'event' | 'off';
  /** 0 when heartbeats are off. */
  readonly heartbeatMs: number;
  /** A jittered `retry:`. */
  readonly nextRetryMs: () => number;
  /** A jittered `Retry-After`, whole seconds. */
  readonly nextRetryAfterSeconds: () => number;
  readonly slowReader: SlowReaderPolicy;
  readonly writeStallMs: number;
  /** A jittered life, Infinity for unlimited. */
  readonly nextLifeMs: () => number;
  /** A fresh id for a connection: 72 bits. */
  readonly nextConnectionId: () => string;
  readonly maxConnections: number;
  readonly maxConnectionsPerKey: number;
  readonly acceptPerSecond: number;
  readonly maxCursorLength: number;
  readonly methods: readonly string[];
  readonly authorize: Authorize | null;
  readonly cors: CorsOptions | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly emit: (fact: ServerFact) => void;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Longest delay a timer takes; more would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Checks options at the door.
 * @throws SseKitError `ERR_INVALID_OPTION`
 */
export function resolveOptions(options: ServerOptions): ResolvedOptions {
  const {
    heartbeat = 'comment',
    heartbeatMs = 15_000,
    retryMs = 2000,
    retryJitter = 0.5,
    retryAfterMs = 5000,
    writeStallMs = 30_000,
    maxAgeMs = Number.POSITIVE_INFINITY,
    maxAgeJitter = 0.2,
    maxConnections = 10_000,
    maxConnectionsPerKey = Number.POSITIVE_INFINITY,
    acceptPerSecond = 100,
    maxEventBytes = 1024 * 1024,
    maxCursorLength = MAX_CURSOR_LENGTH,
    random = Math.random,
    clock = systemClock,
    cors = null,
    observe,
  } = options;
  within({ heartbeatMs, writeStallMs }, 10, LONGEST_TIMER_MS);
  within({ retryMs, retryAfterMs }, 0, LONGEST_TIMER_MS / 2);
  within({ retryJitter, maxAgeJitter }, 0, 1);
  within(
    { maxConnections, maxConnectionsPerKey, maxEventBytes, maxCursorLength },
    1,
    Number.POSITIVE_INFINITY,
  );
  within({ maxAgeMs }, 10, Number.POSITIVE_INFINITY);
  within({ acceptPerSecond }, 0.001, Number.POSITIVE_INFINITY);
  if (cors?.credentials && cors.origins === '*') {
    throw new SseKitError('ERR_INVALID_OPTION', 'cors.credentials needs named origins: browsers refuse "*"');
  }
  const jittered = (baseMs: number) => baseMs * (1 + retryJitter * (2 * random() - 1));
  return {
    envelope: options.envelope ?? 'cloudevents',
    eventField: options.eventField ?? true,
    freshFrom: options.freshFrom ?? 'head',
    maxEventBytes,
    heartbeat,
    heartbeatMs: heartbeat === 'off' ? 0 : heartbeatMs,
    nextRetryMs: () => Math.round(jittered(retryMs)),
    nextRetryAfterSeconds: () => Math.max(1, Math.round(jittered(retryAfterMs) / 1000)),
    slowReader: options.slowReader ?? 'announce',
    writeStallMs,
    nextLifeMs: () => maxAgeMs * (1 - maxAgeJitter * random()),
    nextConnectionId: () => `c_${createEpoch(options.random && bytesOf(options.random)).slice(0, 12)}`,
    maxConnections,
    maxConnectionsPerKey,
    acceptPerSecond,
    maxCursorLength,
    methods: options.methods ?? ['GET'],
    authorize: options.authorize ?? null,
    cors,
    headers: options.headers ?? {},
    emit: observe ? shielded(observe) : () => undefined,
    clock,
    random,
  };
}

/**
 * Checks the time for a drain. A timer for longer than it can wait fires at once, and would cut everything.
 * @throws SseKitError `ERR_INVALID_OPTION`
 */
export function assertDrainMs(withinMs: number): void {
  within({ withinMs }, 0, LONGEST_TIMER_MS);
}

function within(values: Readonly<Record<string, number>>, least: number, most: number): void {
  for (const [name, value] of Object.entries(values)) {
    if (!(value >= least && value <= most)) {
      throw new SseKitError(
        'ERR_INVALID_OPTION',
        `${name} must be between ${least} and ${most}, got ${quote(value)}`,
      );
    }
  }
}

/** Bytes of a given source of chance: then ids are decided by it too, and a run can be repeated to the byte. */
function bytesOf(random: () => number): (length: number) => Uint8Array {
  return (length) => Uint8Array.from({ length }, () => Math.floor(random() * 256));
}

/** An observer that throws must not break delivery, and must not be silenced either. */
function shielded(observe: ServerObserver): (fact: ServerFact) => void {
  return (fact) => {
    try {
      observe(fact);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  };
}
