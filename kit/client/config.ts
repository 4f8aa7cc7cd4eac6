import { quote, SseKitError } from '../protocol/errors.ts';
import { backoffDelay } from './core/backoff.ts';
import type { DedupeBounds } from './core/dedupe-window.ts';
import type { LivenessPolicy } from './core/liveness.ts';
import type { RetryPolicy } from './core/state.ts';
import type { Concurrency, HandlerFailurePolicy } from './delivery.ts';
import type { FrameBounds } from './frame-reader.ts';
import type { ConnectOptions, RetryOptions, RetryPreset } from './options.ts';
import type { OrderPolicy } from './sequencer.ts';

/** Options with every default filled in. */
export interface ClientConfig {
  readonly options: ConnectOptions;
  /** What a failure means; `undefined` leaves it to the default policy. */
  readonly decide: RetryOptions['decide'];
  readonly retry: RetryPolicy;
  readonly connectTimeoutMs: number;
  readonly liveness: LivenessPolicy;
  readonly concurrency: Concurrency;
  readonly handlerFailure: HandlerFailurePolicy;
  readonly order: OrderPolicy;
  readonly dedupe: DedupeBounds;
  readonly bounds: FrameBounds & { readonly tooLarge: 'skip' | 'close' };
}

const NO_LIMIT = Number.POSITIVE_INFINITY;

const STANDARD: RetryPolicy = {
  baseMs: 1000,
  maxMs: 30_000,
  factor: 2,
  jitter: 'full',
  healthyAfterMs: 5000,
  maxAttempts: NO_LIMIT,
  maxElapsedMs: NO_LIMIT,
  maxRetryAfterMs: 300_000,
};

/** The presets. `standard` suits browsers; `aggressive` few clients on a good network; `conservative` many. */
export const RETRY_PRESETS: Readonly<Record<RetryPreset, RetryPolicy>> = {
  aggressive: { ...STANDARD, baseMs: 250, maxMs: 5000, healthyAfterMs: 2000 },
  standard: STANDARD,
  conservative: { ...STANDARD, jitter: 'equal', baseMs: 5000, maxMs: 120_000, healthyAfterMs: 30_000 },
};

/** Everything that has a default, but for `retry`: that is a preset. */
const DEFAULTS: Omit<ClientConfig, 'options' | 'decide' | 'retry'> = {
  connectTimeoutMs: 15_000,
  liveness: { timeoutMs: null, graceMs: null, firstByteMs: 15_000, trickleFactor: 2 },
  concurrency: { limit: 1, key: () => '' },
  handlerFailure: { attempts: 1, baseMs: 200, maxMs: 10_000, otherwise: 'dead-letter' },
  order: { by: 'sequence', late: 'buffer', bufferEvents: 1000, bufferMs: 1000 },
  dedupe: { size: 1000, ttlMs: NO_LIMIT },
  bounds: { maxEventBytes: 1 << 20, maxLineBytes: 1 << 20, tooLarge: 'skip' },
};

/**
 * Fills in the defaults, and refuses what contradicts itself.
 * @throws SseKitError `ERR_INVALID_OPTION`
 */
export function resolveConfig(options: ConnectOptions): ClientConfig {
  const { method = 'GET', concurrency, order, commit } = options;
  const retry: RetryOptions =
    typeof options.retry === 'string' ? { preset: options.retry } : (options.retry ?? {});
  const { preset = 'standard', decide } = retry;
  const policy = RETRY_PRESETS[preset] ?? refuse('retry.preset', preset, 'is unknown');
  const filledIn = { ...filled('', DEFAULTS, options), retry: filled('retry.', policy, retry) };
  const { baseMs, maxMs, factor, jitter } = filledIn.retry;
  if (maxMs < baseMs) refuse('retry.maxMs', maxMs, `is below retry.baseMs (${baseMs})`);
  if (factor < 1) refuse('retry.factor', factor, 'must be at least 1');
  // More makes delays that are negative, a name that is none makes them NaN: a timer takes either for now.
  if (!(backoffDelay(filledIn.retry, 1, 0, 0) >= 0))
    refuse('retry.jitter', jitter, 'must be 0 to 100 per cent');
  if (concurrency) {
    const { limit } = concurrency;
    if (limit % 1 !== 0) refuse('concurrency.limit', limit, 'must be a whole number');
    if (!options.onEvent) refuse('concurrency', limit, 'needs onEvent');
    if (commit === 'manual') refuse('commit', commit, 'does not go with concurrency');
  }
  if (order?.by === 'none' && order.late)
    refuse('order.late', order.late, 'means nothing with order.by "none"');
  if (options.body != null && /^(GET|HEAD)$/i.test(method)) refuse('method', method, 'cannot have a body');
  return { options, decide, ...filledIn };
}

/**
 * Defaults with what was given in their place; `undefined`, or `null` for a group, is not given. Numbers must be above 0,
 * also where the default is `null`; some may be 0.
 */
export function filled<T extends object>(
  group: string,
  defaults: T,
  given: object,
  mayBeZero = ['graceMs', 'jitter'],
): T {
  const whole = { ...defaults } as Record<string, unknown>;
  for (const [key, standard] of Object.entries(whole)) {
    const value = (given as Record<string, unknown>)[key];
    if (value === undefined) continue;
    const name = group + key;
    const fits =
      typeof value === 'number'
        ? value > 0 || (value === 0 && mayBeZero.includes(key))
        : value === standard || typeof (standard ?? 0) !== 'number';
    if (!fits) refuse(name, value, 'must be above 0');
    whole[key] = standard && typeof standard === 'object' ? filled(`${name}.`, standard, value ?? {}) : value;
  }
  return whole as T;
}

/** @throws SseKitError `ERR_INVALID_OPTION` */
export function refuse(name: string, value: unknown, why: string): never {
  throw new SseKitError('ERR_INVALID_OPTION', `option ${name} ${why}, got ${quote(value)}`);
}
