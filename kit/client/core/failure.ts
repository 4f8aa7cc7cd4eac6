import { EVENT_STREAM_TYPE } from '../../protocol/constants.ts';

/** Why the client let a connection go that was open and not at its end. */
export type LivenessCause =
  | 'no-bytes'
  | 'trickle'
  | 'silent-but-heartbeating'
  | 'tail-loss'
  | 'slow-first-byte'
  | 'sleep';

/** Why an attempt or a connection ended. */
export type FailureCause =
  | LivenessCause
  | 'network'
  | 'connect-timeout'
  | 'status'
  | 'content-type'
  | 'no-body'
  | 'request'
  /** The response ended, as one does that the server drained: the state before says so. */
  | 'eof'
  | 'gap'
  | 'too-large';

/** An attempt or a connection that ended, as the retry policy and the callbacks see it. */
export interface Failure {
  readonly cause: FailureCause;
  /** HTTP status, where a response came. */
  readonly status?: number;
  /** For people. */
  readonly message: string;
  /** What was thrown, where something was. */
  readonly error?: unknown;
}

/** What to do after a failure: try again, give up, or stop because the stream is complete. */
export type RetryDecision = 'retry' | 'final' | 'complete';

/**
 * The default policy. 204 means complete; 408, 425, 429 and 5xx may pass; every other status and a wrong content type
 * will not get better by asking again. Everything that happens below HTTP is retried.
 */
export function defaultRetryDecision(failure: Failure): RetryDecision {
  const { cause, status = 0 } = failure;
  if (cause === 'content-type' || cause === 'no-body') return 'final';
  if (cause !== 'status') return 'retry';
  if (status === 204) return 'complete';
  return status >= 500 || [408, 425, 429].includes(status) ? 'retry' : 'final';
}

/**
 * Whether a `Content-Type` value has the essence of an event stream (WHATWG MIME Sniffing 4.4): parameters are
 * ignored, `text/event-streamx` is not.
 */
export function isEventStreamType(contentType: string | null): boolean {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() === EVENT_STREAM_TYPE;
}
