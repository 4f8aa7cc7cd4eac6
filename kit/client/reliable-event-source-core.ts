import { STREAM_HEARTBEAT } from '../protocol/constants.ts';
import { quote } from '../protocol/errors.ts';
import { connectWith, type StreamHandle } from './connect.ts';
import type { Failure } from './core/failure.ts';
import type { StateName } from './core/state.ts';
import type { FactOf } from './facts.ts';
import type { ConnectOptions } from './options.ts';
import type { ClientPorts } from './ports.ts';
import { absoluteUrl } from './url.ts';

/**
 * Second argument of `ReliableEventSource`: that of `EventSource`, and the options of `connect` that make sense here.
 * Events reach listeners and not `onEvent`, one at a time, and are committed when the listeners have returned.
 */
export interface ReliableEventSourceInit
  extends Omit<ConnectOptions, 'onEvent' | 'concurrency' | 'commit' | 'credentials'> {
  /** As for `EventSource`: send cookies to other origins too. Default false. */
  readonly withCredentials?: boolean;
  /** Whether `event.data` is the decoded payload instead of the text as it came. Default false. */
  readonly decode?: boolean;
}

/** An `error` event that says why. The same type, name and timing as the platform's. */
export class StreamErrorEvent extends Event {
  /** What failed; `null` when the stream is complete. */
  readonly failure: Failure | null;

  constructor(failure: Failure | null) {
    super('error');
    this.failure = failure;
  }
}

/** What can be asked of the client behind a `ReliableEventSource`. */
export type EventSourceStream = Pick<StreamHandle, 'state' | 'stats' | 'closed' | 'reconnect'>;

type Handler<E extends Event> = ((this: EventSource, event: E) => unknown) | null;

/** An `EventTarget` with the listeners of an `EventSource`. Methods, not properties, so that subclasses may override. */
interface EventSourceTarget extends EventTarget {
  addEventListener<Type extends keyof EventSourceEventMap>(
    type: Type,
    listener: (this: EventSource, event: EventSourceEventMap[Type]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: (this: EventSource, event: MessageEvent) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<Type extends keyof EventSourceEventMap>(
    type: Type,
    listener: (this: EventSource, event: EventSourceEventMap[Type]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: (this: EventSource, event: MessageEvent) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
}

function readyStateOf(name: StateName): 0 | 1 | 2 {
  if (name === 'closed') return 2;
  return name === 'open' || name === 'draining' ? 1 : 0;
}

/**
 * The `EventSource` interface (WHATWG HTML 9.2) on the kit's client. Subclasses choose the ports.
 *
 * As the platform's: constants, `readyState`, named events, `lastEventId` that stays until the server changes it,
 * `origin` of the URL that answered, `error` with `CONNECTING` before each retry and with `CLOSED` at the end.
 *
 * On purpose not as the platform's:
 * - 408, 425, 429 and 5xx are retried, with backoff; the platform gives up for good;
 * - an id that was handled already is not handed over again, even when the server sends it on purpose;
 * - frames named `stream.*` reach only listeners added for that very name, and `stream.heartbeat` listeners hear of
 *   heartbeats that came as comments, too; `stream.end` closes, with an `error` event as after a 204;
 * - events are not `isTrusted`.
 */
export class ReliableEventSourceCore
  extends (EventTarget as new () => EventSourceTarget)
  implements EventSource
{
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSED = 2;

  /** The URL that was asked for, absolute. */
  readonly url: string;
  readonly withCredentials: boolean;
  /** State, numbers, the promise of the end, and `reconnect()` of the client behind; after `close()` it does nothing. */
  readonly stream: EventSourceStream;

  readonly #handle: StreamHandle;
  readonly #attributes: Record<string, Handler<Event>> = {};
  readonly #attribute = (event: Event): unknown => this.#attributes[event.type]?.call(this, event);
  #readyState: 0 | 1 | 2 = 0;
  /** What is to be fired, in order; `null` once closed by the caller: nothing is fired any more. */
  #due: Array<() => void> | null = [];
  #failure: Failure | null = null;
  #origin = '';

  /**
   * @throws SyntaxError (a DOMException) when `url` cannot be parsed
   * @throws SseKitError `ERR_INVALID_OPTION`
   */
  constructor(defaults: () => ClientPorts, url: string | URL, init: ReliableEventSourceInit) {
    super();
    const { withCredentials = false, decode, ...options } = init;
    this.url = absolute(url);
    this.withCredentials = withCredentials;
    this.#handle = connectWith(defaults, this.url, {
      ...options,
      credentials: withCredentials ? 'include' : 'same-origin',
      onEvent: (event) => {
        this.#flush();
        if (!this.#due) return;
        this.#dispatch(event.type, decode ? event.data : event.raw, event.id ?? this.#lastEventId());
      },
      onOpen: (fact) => {
        this.#origin = new URL(fact.url, this.url).origin;
        return options.onOpen?.(fact);
      },
      onControl: (fact) => {
        const { frame } = fact;
        if (frame.type === 'unknown') this.#post(frame.name, frame.data);
        else this.#post(frame.type, JSON.stringify(frame.body));
        return options.onControl?.(fact);
      },
      onHeartbeat: (fact) => {
        this.#post(STREAM_HEARTBEAT, JSON.stringify({ head: fact.head, unixMs: fact.serverUnixMs }));
        return options.onHeartbeat?.(fact);
      },
      onDisconnect: (fact) => {
        this.#failure = fact.failure;
        return options.onDisconnect?.(fact);
      },
      onStateChange: (fact) => {
        if (fact.to === 'closed' && options.signal?.aborted) this.#due = null;
        this.#changed(fact);
        return options.onStateChange?.(fact);
      },
    });
    const { reconnect } = this.#handle;
    // Nobody would hear what it read, and it would count as handled.
    this.#handle.reconnect = () => this.#due && reconnect();
    this.stream = this.#handle;
  }

  get readyState(): 0 | 1 | 2 {
    return this.#due ? this.#readyState : 2;
  }

  get onopen(): Handler<Event> {
    return this.#attributes.open ?? null;
  }
  set onopen(handler: Handler<Event>) {
    this.#setAttribute('open', handler);
  }
  get onmessage(): Handler<MessageEvent> {
    return this.#attributes.message ?? null;
  }
  set onmessage(handler: Handler<MessageEvent>) {
    this.#setAttribute('message', handler);
  }
  get onerror(): Handler<Event> {
    return this.#attributes.error ?? null;
  }
  set onerror(handler: Handler<Event>) {
    this.#setAttribute('error', handler);
  }

  /** Closes for good. No event is fired any more. */
  close(): void {
    this.#due = null;
    void this.#handle.close();
  }

  /**
   * An event handler attribute (HTML 8.1.8.1): it keeps its place among the listeners until it is set to null, as adding
   * a listener that is there already changes nothing. Not by way of a subclass, which may put another in its place.
   */
  #setAttribute(type: string, value: unknown): void {
    const handler = typeof value === 'function' ? (value as Handler<Event>) : null;
    this.#attributes[type] = handler;
    if (handler) super.addEventListener(type, this.#attribute);
    else super.removeEventListener(type, this.#attribute);
  }

  /** Every change of the connection is told once, in a task of its own as the specification wants, in order. */
  #changed({ from, to, cause }: FactOf<'state'>): void {
    const after = readyStateOf(to);
    if (cause === 'throttled' || (readyStateOf(from) === after && to !== 'waiting')) return;
    const failure = this.#failure;
    this.#failure = null;
    this.#later(() => {
      this.#readyState = after;
      if (after === 1) this.dispatchEvent(new Event('open'));
      else if (from !== 'closed') this.dispatchEvent(new StreamErrorEvent(failure));
    });
  }

  #later(task: () => void): void {
    this.#due?.push(task);
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    while (this.#due?.length) this.#due.shift()?.();
  }

  /** While an event is handled, the cursor still is the id before it. */
  #lastEventId(): string {
    return this.#handle.stats().cursor ?? '';
  }

  #post(type: string, data: string): void {
    const lastEventId = this.#lastEventId();
    this.#later(() => this.#dispatch(type, data, lastEventId));
  }

  #dispatch(type: string, data: unknown, lastEventId: string): void {
    this.dispatchEvent(new MessageEvent(type, { data, lastEventId, origin: this.#origin }));
  }
}

function absolute(url: string | URL): string {
  try {
    return absoluteUrl(url).href;
  } catch {
    throw new DOMException(`cannot parse ${quote(url)} as a URL`, 'SyntaxError');
  }
}
