import { quote, SseKitError } from '../protocol/errors.ts';
import type { DedupeBounds } from './core/dedupe-window.ts';
import type { Failure, RetryDecision } from './core/failure.ts';
import type { LivenessPolicy } from './core/liveness.ts';
import type { RetryPolicy } from './core/state.ts';
import type { HandlerFailurePolicy } from './delivery.ts';
import type { FrameBounds } from './frame-reader.ts';
import type { ConnectOptions, RetryPreset } from './options.ts';
import type { OrderPolicy } from './sequencer.ts';

/** Options with every default filled in. */
export interface ClientConfig {
  readonly options: ConnectOptions;
  readonly retry: RetryPolicy;
  readonly decide: ((failure: Failure) => RetryDecision | undefined) | undefined;
  readonly connectTimeoutMs: number;
  readonly liveness: LivenessPolicy;
  readonly handlerFailure: HandlerFailurePolicy;
  readonly order: OrderPolicy;
  readonly dedupe: DedupeBounds;
  readonly bounds: FrameBounds & { readonly tooLarge: 'skip' | 'close' };
}

const NO_LIMIT = Number.POSITIVE_INFINITY;

const COMMON = {
  factor: 2,
  jitter: 'full',
  maxAttempts: NO_LIMIT,
  maxElapsedMs: NO_LIMIT,
  maxRetryAfterMs: 300_000,
} as const;

/** The presets. `standard` suits browsers; `aggressive` few clients on a good network; `conservative` many. */
export const RETRY_PRESETS: Readonly<Record<RetryPreset, RetryPolicy>> = {
  aggressive: { ...COMMON, baseMs: 250, maxMs: 5000, healthyAfterMs: 2000 },
  standard: { ...COMMON, baseMs: 1000, maxMs: 30_000, healthyAfterMs: 5000 },
  conservative: { ...COMMON, jitter: 'equal', baseMs: 5000, maxMs: 120_000, healthyAfterMs: 30_000 },
};

/**
 * Fills in the defaults, and refuses what contradicts itself.
 * @throws SseKitError `ERR_INVALID_OPTION`
 */
export function resolveConfig(options: ConnectOptions): ClientConfig {
  const { retry = {}, method = 'GET', connectTimeoutMs = 15_000, concurrency, order, commit } = options;
  const {
    preset = 'standard',
    decide,
    ...replaced
  } = typeof retry === 'string' ? { preset: retry, decide: undefined } : retry;
  const config: ClientConfig = {
    options,
    decide,
    connectTimeoutMs,
    retry: filled('retry', RETRY_PRESETS[preset] ?? refuse('retry.preset', preset, 'is unknown'), replaced),
    liveness: filled(
      'liveness',
      { timeoutMs: null, graceMs: null, firstByteMs: 15_000, trickleFactor: 2 },
      options.liveness,
    ),
    handlerFailure: filled(
      'handlerFailure',
      { attempts: 1, baseMs: 200, maxMs: 10_000, otherwise: 'dead-letter' },
      options.handlerFailure,
    ),
    order: filled<OrderPolicy>(
      'order',
      { by: 'sequence', late: 'buffer', bufferEvents: 1000, bufferMs: 1000 },
      order,
    ),
    dedupe: filled('dedupe', { size: 1000, ttlMs: NO_LIMIT }, options.dedupe),
    bounds: filled<ClientConfig['bounds']>(
      'bounds',
      { maxEventBytes: 1 << 20, maxLineBytes: 1 << 20, tooLarge: 'skip' },
      options.bounds,
    ),
  };
  const { baseMs, maxMs, factor, jitter } = config.retry;
  if (!(connectTimeoutMs > 0)) refuse('connectTimeoutMs', connectTimeoutMs, 'must be above 0');
  if (maxMs < baseMs) refuse('retry.maxMs', maxMs, `must not be below retry.baseMs (${baseMs})`);
  if (factor < 1) refuse('retry.factor', factor, 'must be at least 1');
  if (Number(jitter) < 0 || Number(jitter) > 100) refuse('retry.jitter', jitter, 'must be 0 to 100 per cent');
  if (concurrency) {
    const { limit } = concurrency;
    if (!(Number.isInteger(limit) && limit > 0))
      refuse('concurrency.limit', limit, 'must be a whole number above 0');
    if (!options.onEvent) refuse('concurrency', limit, 'needs onEvent: iteration is serial');
    if (commit === 'manual')
      refuse('commit', commit, 'does not go with concurrency: commits would overtake each other');
  }
  if (order?.by === 'none' && order.late)
    refuse('order.late', order.late, 'means nothing with order.by "none"');
  if (options.body != null && /^(GET|HEAD)$/i.test(method)) refuse('method', method, 'cannot have a body');
  return config;
}

/** These may be 0, or are checked by themselves. */
const MAY_BE_ZERO = ['graceMs', 'jitter'];

/** Defaults with what was given in their place; `undefined` is not given. Numbers must be above 0. */
export function filled<T extends object>(group: string, defaults: T, given: Partial<T> = {}): T {
  const whole = { ...defaults } as Record<string, unknown>;
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const numeric = typeof value === 'number' || typeof whole[key] === 'number';
    if (numeric && !(Number(value) > 0 || MAY_BE_ZERO.includes(key))) {
      refuse(`${group}.${key}`, value, 'must be above 0');
    }
    whole[key] = value;
  }
  return whole as T;
}

/** @throws SseKitError `ERR_INVALID_OPTION` */
export function refuse(name: string, value: unknown, why: string): never {
  throw new SseKitError('ERR_INVALID_OPTION', `option ${name} ${why}, got ${quote(value)}`);
}
