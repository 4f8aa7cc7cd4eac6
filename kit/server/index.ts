export { createEnvelope, type Envelope, type EnvelopeInput, type EventMeta } from '../protocol/envelope.ts';
export { quote, SseKitError } from '../protocol/errors.ts';
export { encodeComment, encodeFrame, type Frame } from '../protocol/frame.ts';
export { formatPosition, type Position, parsePosition } from '../protocol/position.ts';
export { type Clock, systemClock } from './clock.ts';
export type { DrainResult } from './connections.ts';
export type { CorsOptions } from './cors.ts';
export {
  createEventStream,
  type DrainOptions,
  type EventStream,
  type EventStreamOptions,
  type StreamEndpoint,
} from './event-stream.ts';
export type { CloseReason, RejectReason, ServerFact, ServerObserver } from './facts.ts';
export { FrameRing, type RingLimits } from './frame-ring.ts';
export {
  createStreamHub,
  type HubStream,
  requestedTopics,
  type StreamHub,
  type StreamHubOptions,
} from './hub.ts';
export { createMemoryLog, type MemoryLogOptions } from './memory-log.ts';
export type { ServerOptions } from './options.ts';
export {
  type EventDraft,
  type FrameBatch,
  type LogBounds,
  type LogHost,
  type LogRead,
  logSize,
  type MaybePromise,
  type ReadLimit,
  type ReplayLog,
} from './replay-log.ts';
export type { ReplyBody, StreamReply, StreamRequest } from './request.ts';
export type { Authorization, Authorize } from './respond.ts';
export { Block, type Sink, type SinkEvents } from './sink.ts';
export type { StreamStats } from './stream-core.ts';
