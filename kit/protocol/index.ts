export * from './constants.ts';
export {
  type CannotResume,
  type CannotResumeReason,
  type ControlFrame,
  type Drain,
  type DrainReason,
  encodeCannotResume,
  encodeDrain,
  encodeStreamEnd,
  encodeStreamOpen,
  isControlType,
  parseControl,
  type ResumeOutcome,
  type StreamOpen,
} from './control.ts';
export {
  assertEventMeta,
  assertEventType,
  createEnvelope,
  type Envelope,
  type EnvelopeInput,
  type EnvelopeResult,
  type EventMeta,
  parseEnvelope,
} from './envelope.ts';
export { quote, SseKitError } from './errors.ts';
export {
  assertFieldValue,
  encodeComment,
  encodeFrame,
  type Frame,
  splitFrames,
  withFrameId,
} from './frame.ts';
export {
  encodeHeartbeat,
  encodeHeartbeatEvent,
  type Heartbeat,
  parseHeartbeat,
  parseHeartbeatEvent,
} from './heartbeat.ts';
export { createEpoch, formatPosition, isEpoch, type Position, parsePosition } from './position.ts';
export {
  formatVector,
  MAX_VECTOR_LENGTH,
  ownEntry,
  ownPosition,
  parseVector,
  type VectorEntry,
} from './vector-cursor.ts';
