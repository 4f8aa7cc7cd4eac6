/**
 * Wire names. Each is part of the public protocol (PROTOCOL.md); a change here is a new protocol version.
 * Only `frame.ts` writes frames and only `kit/client` reads them.
 */

/** Version of this protocol, sent in `stream.open`. A client MUST accept frames it does not know. */
export const PROTOCOL_VERSION = 1;

/** The media type of an event stream (WHATWG HTML 9.2). A client MUST refuse any other essence. */
export const EVENT_STREAM_TYPE = 'text/event-stream';

/** Event type names beginning with this are reserved for control frames; `publish` MUST refuse them. */
export const CONTROL_PREFIX = 'stream.';

/** First frame of every response. A server MUST send it before any other frame. */
export const STREAM_OPEN = 'stream.open';
/** Announces a loss: the requested position cannot be continued from. */
export const STREAM_CANNOT_RESUME = 'stream.cannot-resume';
/** The server is about to end this response; come back after the `retry:` it carries. */
export const STREAM_DRAIN = 'stream.drain';
/** The stream is complete. A client MUST stop. */
export const STREAM_END = 'stream.end';
/**
 * One of several streams on a response is complete; the others go on. Body `{stream}`. `stream.end` follows when all
 * are complete.
 */
export const STREAM_TOPIC_END = 'stream.topic-end';
/** Heartbeat as an event, for native EventSource (option `heartbeat: 'event'`). It MUST NOT carry an id. */
export const STREAM_HEARTBEAT = 'stream.heartbeat';

/** Cursor request header, written by browsers themselves (WHATWG HTML 9.2.4). */
export const LAST_EVENT_ID_HEADER = 'last-event-id';
/** Cursor query parameter: the fallback that avoids the CORS preflight. The header wins when both are present. */
export const LAST_EVENT_ID_QUERY = 'lastEventId';
/** Response header that mirrors the outcome of a resume: `fresh`, `ok`, or `gap; reason=…`. */
export const STREAM_RESUME_HEADER = 'stream-resume';

/** Longest cursor a server reads, in characters; a longer one is answered as `malformed`. */
export const MAX_CURSOR_LENGTH = 1024;
