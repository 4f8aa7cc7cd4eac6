import { CONTROL_PREFIX } from './constants.ts';
import { quote, SseKitError } from './errors.ts';
import { assertFieldValue } from './frame.ts';
import { formatPosition, type Position } from './position.ts';

/**
 * An event on the wire in the CloudEvents 1.0 JSON format, with the `sequence` and `traceparent` extensions of the
 * CloudEvents spec and free-form extension attributes as metadata.
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export interface Envelope<T = unknown> {
  readonly specversion: '1.0';
  /** The position, so that `source` + `id` is unique as CloudEvents demands. */
  readonly id: string;
  /** URI-reference of the stream. */
  readonly source: string;
  readonly type: string;
  /** RFC 3339 time of publication. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: T;
  /** The sequence number of the position, as a string (CloudEvents `sequence` extension). */
  readonly sequence: string;
  /** W3C Trace Context of the publisher. */
  readonly traceparent?: string;
  readonly [extension: string]: unknown;
}

/** Metadata of a publication. Extension names are CloudEvents attribute names: `[a-z0-9]{1,20}`. */
export interface EventMeta {
  /** W3C `traceparent` of the publisher. */
  readonly traceparent?: string;
  /** CloudEvents extension attributes: strings, booleans or 32-bit integers. */
  readonly extensions?: Readonly<Record<string, string | number | boolean>>;
}

/** What `createEnvelope` needs. `unixMs` is the publication time. */
export interface EnvelopeInput<T> extends EventMeta {
  readonly source: string;
  readonly type: string;
  readonly data: T;
  readonly position: Position;
  readonly unixMs: number;
}

const CORE = new Set([
  'specversion',
  'id',
  'source',
  'type',
  'time',
  'datacontenttype',
  'data',
  'data_base64',
  'dataschema',
  'subject',
  'sequence',
  'traceparent',
]);
const EXTENSION_NAME = /^[a-z0-9]{1,20}$/;
// W3C Trace Context 3.2.2: version ff and all-zero ids are invalid.
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
// Written out: a power is computed in every bundle, also where nothing uses it.
const INT32_MIN = -2_147_483_648;
const INT32_MAX = 2_147_483_647;

/**
 * Checks an event type where it enters: not empty, no CR/LF/NUL, not a reserved control name.
 * @throws SseKitError `ERR_INVALID_EVENT_TYPE`, `ERR_RESERVED_EVENT_TYPE`, `ERR_CONTROL_CHARACTER`
 */
export function assertEventType(type: string): void {
  if (typeof type !== 'string' || type === '') {
    throw new SseKitError(
      'ERR_INVALID_EVENT_TYPE',
      `event type must be a non-empty string, got ${quote(type)}`,
    );
  }
  assertFieldValue('event type', type);
  if (type.startsWith(CONTROL_PREFIX)) {
    throw new SseKitError(
      'ERR_RESERVED_EVENT_TYPE',
      `names beginning with "${CONTROL_PREFIX}" are reserved: ${quote(type)}`,
    );
  }
}

/**
 * Checks publication metadata where it enters. String values may not hold CR, LF or NUL, so that a consumer may put
 * them into a header or a log line unescaped.
 * @throws SseKitError `ERR_INVALID_EXTENSION`, `ERR_INVALID_TRACEPARENT`, `ERR_CONTROL_CHARACTER`
 */
export function assertEventMeta(meta: EventMeta): void {
  if (meta.traceparent !== undefined && !TRACEPARENT.test(meta.traceparent)) {
    throw new SseKitError('ERR_INVALID_TRACEPARENT', `not a W3C traceparent: ${quote(meta.traceparent)}`);
  }
  for (const [name, value] of Object.entries(meta.extensions ?? {})) {
    if (!EXTENSION_NAME.test(name) || CORE.has(name)) {
      throw new SseKitError(
        'ERR_INVALID_EXTENSION',
        `extension names are [a-z0-9]{1,20} and not a core attribute: ${quote(name)}`,
      );
    }
    if (typeof value === 'string') assertFieldValue(`extension ${name}`, value);
    else if (typeof value !== 'boolean' && !isInt32(value)) {
      throw new SseKitError(
        'ERR_INVALID_EXTENSION',
        `extension ${name} must be a string, boolean or 32-bit integer, got ${quote(value)}`,
      );
    }
  }
}

function isInt32(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= INT32_MIN && value <= INT32_MAX;
}

/**
 * Builds the envelope of one event. Does not validate: `assertEventType` and `assertEventMeta` do, at the door.
 */
export function createEnvelope<T>(input: EnvelopeInput<T>): Envelope<T> {
  return {
    specversion: '1.0',
    id: formatPosition(input.position),
    source: input.source,
    type: input.type,
    time: new Date(input.unixMs).toISOString(),
    datacontenttype: 'application/json',
    sequence: String(input.position.seq),
    ...(input.traceparent === undefined ? {} : { traceparent: input.traceparent }),
    ...input.extensions,
    data: input.data,
  };
}

/** Result of reading an envelope: the envelope, or why it is none. */
export type EnvelopeResult =
  | { readonly ok: true; readonly envelope: Envelope }
  | { readonly ok: false; readonly error: SseKitError };

/** Reads `data:` as an envelope. Codes: `ERR_ENVELOPE_JSON` (not JSON), `ERR_ENVELOPE_SHAPE` (not CloudEvents 1.0). */
export function parseEnvelope(data: string): EnvelopeResult {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch (cause) {
    return {
      ok: false,
      error: new SseKitError('ERR_ENVELOPE_JSON', `envelope is not JSON: ${quote(data)}`, { cause }),
    };
  }
  if (!isEnvelope(value)) {
    return {
      ok: false,
      error: new SseKitError('ERR_ENVELOPE_SHAPE', `not a CloudEvents 1.0 envelope: ${quote(data)}`),
    };
  }
  return { ok: true, envelope: value };
}

/** Whether a value read from JSON is a CloudEvents 1.0 envelope: the version and the three attributes it demands. */
export function isEnvelope(value: unknown): value is Envelope {
  if (typeof value !== 'object' || value === null) return false;
  const { specversion, id, source, type } = value as Record<string, unknown>;
  return (
    specversion === '1.0' && [id, source, type].every((field) => typeof field === 'string' && field !== '')
  );
}
