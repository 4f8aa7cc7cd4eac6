import { type Envelope, parseEnvelope } from '../protocol/envelope.ts';
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
  /** Publication time in unix milliseconds, from the envelope; `null` without one. */
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

/** The one implementation of `StreamEvent`: a class, so that the getters live on the prototype. */
export class WireEvent implements StreamEvent {
  readonly type: string;
  readonly id: string | null;
  readonly raw: string;
  attempt: number;
  redelivery: boolean;
  // Not `#private`: those cost half as much again to construct, for each event.
  private readonly origin: EventOrigin;
  private read: Envelope | null;
  private value: unknown;

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
    return this.read;
  }

  get publishedAt(): number | null {
    return timeOf(this.envelope);
  }

  /** The envelope, if the payload was read already: observers must not decode what the handler did not want. */
  get decoded(): Envelope | null {
    return this.read;
  }

  /** Puts a validated payload in the place of the raw one. */
  replaceData(data: unknown): void {
    this.value = data;
    if (this.read) this.read = { ...this.read, data };
  }

  private decode(): void {
    const { format } = this.origin;
    const { raw } = this;
    if (format === 'text') {
      this.value = raw;
      return;
    }
    if (format === 'envelope') {
      const result = parseEnvelope(raw);
      if (!result.ok) throw result.error;
      this.take(result.envelope);
      return;
    }
    let value: unknown;
    try {
      value = JSON.parse(raw);
    } catch (cause) {
      if (format === 'auto' && !/^\s*[[{]/.test(raw)) {
        this.value = raw;
        return;
      }
      throw new SseKitError('ERR_ENVELOPE_JSON', `data is not JSON: ${quote(raw)}`, { cause });
    }
    if (format === 'auto' && isEnvelope(value)) this.take(value);
    else this.value = value;
  }

  private take(envelope: Envelope): void {
    this.read = envelope;
    this.value = envelope.data;
  }
}

/** When an event was published, if its handler read the payload. */
export function publishedAt(event: StreamEvent): number | null {
  return event instanceof WireEvent ? timeOf(event.decoded) : null;
}

function timeOf(envelope: Envelope | null): number | null {
  const at = Date.parse(envelope?.time ?? '');
  return Number.isNaN(at) ? null : at;
}

function isEnvelope(value: unknown): value is Envelope {
  const { specversion, source } = (value ?? {}) as Record<string, unknown>;
  return specversion === '1.0' && typeof source === 'string';
}
