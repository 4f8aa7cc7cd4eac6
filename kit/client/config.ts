import { quote, SseKitError } from '../protocol/errors.ts';
import type { DedupeBounds } from './core/dedupe-window.ts';
import { defaultRetryDecision, type Failure, type RetryDecision } from './core/failure.ts';
import type { LivenessPolicy } from './core/liveness.ts';
import type { RetryPolicy } from './core/state.ts';
import type { HandlerFailurePolicy } from './delivery.ts';
import type { FrameBounds } from './frame-reader.ts';
import type { ConnectOptions, RetryOptions, RetryPreset } from './options.ts';
import type { OrderPolicy } from './sequencer.ts';

/** Options with every default filled in. */
export interface ClientConfig {
  readonly options: ConnectOptions;
  readonly retry: RetryPolicy;
  readonly decide: (failure: Failure) => RetryDecision;
  readonly connectTimeoutMs: number;
  readonly liveness: LivenessPolicy;
  readonly handlerFailure: HandlerFailurePolicy;
  readonly order: OrderPolicy;
  readonly dedupe: DedupeBounds;
  readonly bounds: FrameBounds & { readonly tooLarge: 'skip' | 'close' };
}

const COMMON = {
  factor: 2,
  jitter: 'full',
  maxAttempts: Number.POSITIVE_INFINITY,
  maxElapsedMs: Number.POSITIVE_INFINITY,
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
  const given: RetryOptions =
    typeof options.retry === 'string' ? { preset: options.retry } : (options.retry ?? {});
  const { preset = 'standard', decide, ...replaced } = given;
  const base = RETRY_PRESETS[preset];
  if (!base) refuse('retry.preset', preset, 'must be aggressive, standard or conservative');
  const { bufferEvents = 1000, bufferMs = 1000, by = 'sequence', late = 'buffer' } = options.order ?? {};
  const config: ClientConfig = {
    options,
    retry: { ...base, ...replaced },
    decide: (failure) => decide?.(failure) ?? defaultRetryDecision(failure),
    connectTimeoutMs: options.connectTimeoutMs ?? 15_000,
    liveness: { timeoutMs: null, graceMs: null, firstByteMs: 15_000, trickleFactor: 2, ...options.liveness },
    handlerFailure: {
      attempts: 1,
      baseMs: 200,
      maxMs: 10_000,
      otherwise: 'dead-letter',
      ...options.handlerFailure,
    },
    order: { by, late, bounds: { events: bufferEvents, holdMs: bufferMs } },
    dedupe: { size: 1000, ttlMs: Number.POSITIVE_INFINITY, ...options.dedupe },
    bounds: { maxEventBytes: 1 << 20, maxLineBytes: 1 << 20, tooLarge: 'skip', ...options.bounds },
  };
  validate(config);
  return config;
}

function validate(config: ClientConfig): void {
  const { retry, liveness, bounds, dedupe, handlerFailure, options } = config;
  const positive: ReadonlyArray<readonly [string, number]> = [
    ['retry.baseMs', retry.baseMs],
    ['retry.maxMs', retry.maxMs],
    ['retry.maxAttempts', retry.maxAttempts],
    ['retry.maxElapsedMs', retry.maxElapsedMs],
    ['connectTimeoutMs', config.connectTimeoutMs],
    ['liveness.firstByteMs', liveness.firstByteMs],
    ['liveness.trickleFactor', liveness.trickleFactor],
    ['bounds.maxEventBytes', bounds.maxEventBytes],
    ['bounds.maxLineBytes', bounds.maxLineBytes],
    ['dedupe.size', dedupe.size],
    ['dedupe.ttlMs', dedupe.ttlMs],
    ['handlerFailure.attempts', handlerFailure.attempts],
    ['order.bufferEvents', config.order.bounds.events],
    ['order.bufferMs', config.order.bounds.holdMs],
  ];
  for (const [name, value] of positive) {
    if (!(value > 0)) refuse(name, value, 'must be a number above 0');
  }
  if (liveness.timeoutMs !== null && !(liveness.timeoutMs > 0)) {
    refuse('liveness.timeoutMs', liveness.timeoutMs, 'must be a number above 0, or null');
  }
  if (retry.maxMs < retry.baseMs)
    refuse('retry.maxMs', retry.maxMs, `must not be below retry.baseMs (${retry.baseMs})`);
  if (retry.factor < 1) refuse('retry.factor', retry.factor, 'must be at least 1');
  if (typeof retry.jitter === 'number' && !(retry.jitter >= 0 && retry.jitter <= 100)) {
    refuse('retry.jitter', retry.jitter, 'must be between 0 and 100 per cent');
  }
  const { concurrency, order } = options;
  if (concurrency && !(Number.isInteger(concurrency.limit) && concurrency.limit > 0)) {
    refuse('concurrency.limit', concurrency.limit, 'must be a whole number above 0');
  }
  if (concurrency && !options.onEvent)
    refuse('concurrency', 'no onEvent', 'needs onEvent: iteration is serial');
  if (concurrency && options.commit === 'manual') {
    refuse('commit', 'manual', 'and concurrency do not go together: commits would overtake each other');
  }
  if (order?.by === 'none' && order.late !== undefined) {
    refuse('order.late', order.late, 'means nothing with order.by "none"');
  }
  if (options.body != null && /^(GET|HEAD)$/i.test(options.method ?? 'GET')) {
    refuse('body', options.method ?? 'GET', 'a body needs a method other than GET');
  }
}

function refuse(name: string, value: unknown, why: string): never {
  throw new SseKitError('ERR_INVALID_OPTION', `option ${name} ${why}, got ${quote(value)}`);
}
