import { type Envelope, isEnvelope } from '../protocol/envelope.ts';
import { quote, SseKitError } from '../protocol/errors.ts';
import type { Position } from '../protocol/position.ts';
import { ownPosition } from '../protocol/vector-cursor.ts';

/**
 * How `data:` is read: `envelope` (CloudEvents 1.0 JSON, else an error), `json`, `text`, or `auto`: an envelope when it
 * is one, else JSON, else text; text that begins like a JSON object or array but is not JSON is an error.
 */
export type DataFormat = 'auto' | 'envelope' | 'json' | 'text';

/** An event as handlers see it. The payload is decoded when it is first read, and once. */
export interface StreamEvent<T = unknown, Type extends string = string> {
  /** The SSE event name; `message` when the frame had none. */
  readonly type: Type;
  /** The payload: the `data` of the envelope, or the whole. @throws SseKitError `ERR_ENVELOPE_JSON`, `ERR_ENVELOPE_SHAPE` */
  readonly data: T;
  /** The `id:` of this frame; `null` when it had none. */
  readonly id: string | null;
  /** Its place in the log of its stream, also where the id is a vector cursor of several; `null` for an opaque id. */
  readonly position: Position | null;
  /** The envelope; `null` when the payload came without one. */
  readonly envelope: Envelope<T> | null;
  /** `data:` as it came. */
  readonly raw: string;
  /** Publication time in unix milliseconds, from the envelope; `null` without one, or when it cannot be read. */
  readonly publishedAt: number | null;
  /** URL that answered, after redirects. */
  readonly url: string;
  /** 1 at first, 2 and more when the handler failed before. */
  readonly attempt: number;
  /** The handler may have seen this event before: in a failed attempt, or in a process that ended unasked. */
  readonly redelivery: boolean;
}

/** Where an event came from, shared by all events of a connection. */
export interface EventOrigin {
  readonly format: DataFormat;
  readonly url: string;
}

const UNREAD = Symbol('unread');
const BRACE = 125;

const TEXT = '"[^"\\\\\\x00-\\x1f]+"';
/**
 * The attributes of an envelope as servers of this kit write them: flat, without escapes, `data` last. What follows up
 * to the final brace is the payload, which then is read without the rest: half the work, as most handlers want no more.
 * Every text this matches is the beginning of valid JSON, so with a valid payload the whole is valid.
 */
const ATTRIBUTES = new RegExp(
  `\\{"specversion":"1\\.0","id":${TEXT},"source":${TEXT},"type":${TEXT},"time":${TEXT},"datacontenttype":"application/json"(?:,"[a-z0-9]+":(?:${TEXT}|true|false|0|-?[1-9]\\d*)){0,32},"data":`,
  'y',
);

/** The one implementation of `StreamEvent`: a class, so that the getters live on the prototype. */
export class WireEvent implements StreamEvent {
  // Declared only: a field that is defined and then assigned costs twice, for each event.
  declare readonly type: string;
  declare readonly id: string | null;
  declare readonly raw: string;
  declare attempt: number;
  declare redelivery: boolean;
  // Not `#private`: those cost half as much again to construct.
  declare private readonly origin: EventOrigin;
  /** `undefined`: it is one, and of it only the payload was read. */
  declare private read: Envelope | null | undefined;
  declare private value: unknown;

  constructor(type: string, id: string | null, raw: string, origin: EventOrigin) {
    this.type = type;
    this.id = id;
    this.raw = raw;
    this.origin = origin;
    this.attempt = 1;
    this.redelivery = false;
    this.read = null;
    this.value = UNREAD;
  }

  get url(): string {
    return this.origin.url;
  }

  get position(): Position | null {
    return this.id === null ? null : ownPosition(this.id);
  }

  get data(): unknown {
    if (this.value === UNREAD) this.decode();
    return this.value;
  }

  get envelope(): Envelope | null {
    if (this.value === UNREAD) this.decode();
    if (this.read === undefined) {
      this.read = { ...(JSON.parse(this.raw) as Envelope), data: this.value };
    }
    return this.read;
  }

  get publishedAt(): number | null {
    try {
      const at = Date.parse(this.envelope?.time ?? '');
      return Number.isNaN(at) ? null : at;
    } catch {
      return null; // said where the payload is read
    }
  }

  /** `publishedAt`, if the payload was read: observers must not decode what the handler did not want. */
  get knownPublishedAt(): number | null {
    return this.value === UNREAD ? null : this.publishedAt;
  }

  /** Puts a validated payload in the place of the raw one. */
  replaceData(data: unknown): void {
    this.value = data;
    if (this.read) this.read = { ...this.read, data };
  }

  private decode(): void {
    const { raw } = this;
    const { format } = this.origin;
    const mayBeEnvelope = format === 'auto' || format === 'envelope';
    if (mayBeEnvelope && this.decodePayload()) return;
    let value: unknown = raw;
    try {
      if (format !== 'text') value = JSON.parse(raw);
    } catch (cause) {
      if (format !== 'auto' || /^\s*[[{]/.test(raw)) {
        throw new SseKitError('ERR_ENVELOPE_JSON', `data is not JSON: ${quote(raw)}`, { cause });
      }
    }
    if (mayBeEnvelope && isEnvelope(value)) {
      this.read = value;
      value = value.data;
    } else if (format === 'envelope') {
      throw new SseKitError('ERR_ENVELOPE_SHAPE', `not a CloudEvents 1.0 envelope: ${quote(raw)}`);
    }
    this.value = value;
  }

  /** Reads the payload of an envelope without the rest. @returns false when it takes more to say what this is. */
  private decodePayload(): boolean {
    const { raw } = this;
    ATTRIBUTES.lastIndex = 0;
    if (raw.charCodeAt(raw.length - 1) !== BRACE || !ATTRIBUTES.test(raw)) return false;
    try {
      this.value = JSON.parse(raw.slice(ATTRIBUTES.lastIndex, -1));
      this.read = undefined;
      return true;
    } catch {
      return false; // not JSON, or not the last member
    }
  }
}
