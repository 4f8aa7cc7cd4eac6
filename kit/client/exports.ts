export { createRetryBudget, type RetryBudget } from './budget.ts';
export { RETRY_PRESETS } from './config.ts';
export { browserPorts, type StreamHandle } from './connect.ts';
export type { Backoff, Jitter } from './core/backoff.ts';
export type { BudgetLimits } from './core/budget.ts';
export type { DedupeBounds, DedupeSnapshot } from './core/dedupe-window.ts';
export {
  defaultRetryDecision,
  type Failure,
  type FailureCause,
  type LivenessCause,
  type RetryDecision,
} from './core/failure.ts';
export type { LivenessPolicy } from './core/liveness.ts';
export type { AttemptRecord, CloseReason, RetryPolicy, StateName } from './core/state.ts';
export { type CursorState, type CursorStore, memoryCursorStore } from './cursor-store.ts';
export type { HandlerFailurePolicy } from './delivery.ts';
export type { DataFormat, StreamEvent } from './event.ts';
export type { ClientFact, FactIds, FactOf, GapReason, OrderAction } from './facts.ts';
export type { FrameBounds } from './frame-reader.ts';
export { browserLifecycle, type Lifecycle, type LifecycleSignal, noLifecycle } from './lifecycle.ts';
export type { ListenerOptions } from './listeners.ts';
export * from './metrics/index.ts';
export type {
  AnyEvent,
  AttemptInfo,
  Callbacks,
  CannotResumeAnswer,
  CannotResumeStrategy,
  ConnectOptions,
  EventMap,
  PerAttempt,
  RetryOptions,
  RetryPreset,
} from './options.ts';
export { type ClientPorts, type Clock, systemClock, type TextPort } from './ports.ts';
export {
  type EventSourceStream,
  ReliableEventSourceCore,
  type ReliableEventSourceInit,
  StreamErrorEvent,
} from './reliable-event-source-core.ts';
export type { ClientStats } from './stats.ts';
export {
  type IndexedDbCursorStore,
  type IndexedDbCursorStoreOptions,
  indexedDbCursorStore,
} from './stores/indexed-db.ts';
export { type LocalStorageCursorStoreOptions, localStorageCursorStore } from './stores/local-storage.ts';
export {
  type ByteSource,
  type FetchLike,
  fetchTransport,
  type Transport,
  type TransportRequest,
  type TransportResponse,
} from './transport.ts';
export type { SchemaResult, StandardSchema } from './validate.ts';
