import { STREAM_HEARTBEAT } from '../protocol/constants.ts';
import { connectWith, type StreamHandle } from './connect.ts';
import type { Failure } from './core/failure.ts';
import type { StateName } from './core/state.ts';
import type { StreamEvent } from './event.ts';
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

const READY_STATES: Readonly<Record<StateName, 0 | 1 | 2>> = {
  idle: 0,
  connecting: 0,
  waiting: 0,
  open: 1,
  draining: 1,
  closed: 2,
};

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
export class ReliableEventSourceCore extends EventTarget implements EventSource {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSED = 2;

  /** The URL that was asked for, absolute. */
  readonly url: string;
  readonly withCredentials: boolean;
  /** State, numbers, the promise of the end, and `reconnect()` of the client behind. */
  readonly stream: EventSourceStream;

  readonly #handle: StreamHandle;
  readonly #decode: boolean;
  readonly #attributes = new Map<string, { handler: Handler<Event>; readonly listener: EventListener }>();
  #readyState: 0 | 1 | 2 = 0;
  /** Closed by the caller: nothing is fired any more. */
  #silent = false;
  #failure: Failure | null = null;
  #due: Array<() => void> = [];
  #origin = '';
  readonly #signal: AbortSignal | undefined;

  /**
   * @throws SyntaxError (a DOMException) when `url` cannot be parsed
   * @throws SseKitError `ERR_INVALID_OPTION`
   */
  constructor(defaults: () => ClientPorts, url: string | URL, init: ReliableEventSourceInit) {
    super();
    const { withCredentials = false, decode = false, ...options } = init;
    this.url = absolute(url);
    this.withCredentials = withCredentials;
    this.#decode = decode;
    this.#signal = options.signal;
    this.#handle = connectWith(defaults, this.url, {
      ...options,
      credentials: withCredentials ? 'include' : 'same-origin',
      onEvent: (event) => this.#event(event),
      onOpen: (fact) => {
        this.#origin = new URL(fact.url, this.url).origin;
        options.onOpen?.(fact);
      },
      onControl: (fact) => {
        this.#control(fact);
        options.onControl?.(fact);
      },
      onHeartbeat: (fact) => {
        const { head, serverUnixMs } = fact;
        this.#post(STREAM_HEARTBEAT, JSON.stringify({ head, unixMs: serverUnixMs }), this.#lastEventId());
        options.onHeartbeat?.(fact);
      },
      onDisconnect: (fact) => {
        this.#failure = fact.failure;
        options.onDisconnect?.(fact);
      },
      onStateChange: (fact) => {
        this.#changed(fact);
        options.onStateChange?.(fact);
      },
    });
    this.stream = this.#handle;
  }

  get readyState(): 0 | 1 | 2 {
    return this.#readyState;
  }

  get onopen(): Handler<Event> {
    return this.#attribute('open');
  }
  set onopen(handler: Handler<Event>) {
    this.#setAttribute('open', handler);
  }
  get onmessage(): Handler<MessageEvent> {
    return this.#attribute('message');
  }
  set onmessage(handler: Handler<MessageEvent>) {
    this.#setAttribute('message', handler);
  }
  get onerror(): Handler<Event> {
    return this.#attribute('error');
  }
  set onerror(handler: Handler<Event>) {
    this.#setAttribute('error', handler);
  }

  override addEventListener<Type extends keyof EventSourceEventMap>(
    type: Type,
    listener: (this: EventSource, event: EventSourceEventMap[Type]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: (this: EventSource, event: MessageEvent) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: unknown,
    options?: boolean | AddEventListenerOptions,
  ): void {
    super.addEventListener(type, listener as EventListener, options);
  }

  override removeEventListener<Type extends keyof EventSourceEventMap>(
    type: Type,
    listener: (this: EventSource, event: EventSourceEventMap[Type]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  override removeEventListener(
    type: string,
    listener: (this: EventSource, event: MessageEvent) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  override removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
  override removeEventListener(
    type: string,
    listener: unknown,
    options?: boolean | EventListenerOptions,
  ): void {
    super.removeEventListener(type, listener as EventListener, options);
  }

  /** Closes for good. No event is fired any more. */
  close(): void {
    this.#end();
    void this.#handle.close();
  }

  #end(): void {
    this.#silent = true;
    this.#readyState = 2;
    this.#due = [];
  }

  #attribute<E extends Event>(type: string): Handler<E> {
    return (this.#attributes.get(type)?.handler as Handler<E> | undefined) ?? null;
  }

  /** An event handler attribute (HTML 8.1.8.1): it keeps its place among the listeners until it is set to null. */
  #setAttribute(type: string, value: unknown): void {
    const handler = typeof value === 'function' ? (value as Handler<Event>) : null;
    const present = this.#attributes.get(type);
    if (present && handler) present.handler = handler;
    else if (present) {
      super.removeEventListener(type, present.listener);
      this.#attributes.delete(type);
    } else if (handler) {
      const listener: EventListener = (event) => this.#attributes.get(type)?.handler?.call(this, event);
      this.#attributes.set(type, { handler, listener });
      super.addEventListener(type, listener);
    }
  }

  /** Every change of the connection is told once, in a task of its own as the specification wants, in order. */
  #changed({ from, to, cause }: FactOf<'state'>): void {
    if (this.#silent || cause === 'throttled') return;
    if (to === 'closed' && this.#signal?.aborted) {
      this.#end();
      return;
    }
    const before = READY_STATES[from];
    const after = READY_STATES[to];
    const retrying = to === 'waiting' && from !== 'closed';
    if (before === after && !retrying) return;
    const failure = this.#failure;
    this.#failure = null;
    this.#later(() => {
      this.#readyState = after;
      if (after === 1) this.dispatchEvent(new Event('open'));
      else if (from !== 'closed') this.dispatchEvent(new StreamErrorEvent(failure));
    });
  }

  #later(task: () => void): void {
    this.#due.push(task);
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    for (let task = this.#due.shift(); task; task = this.#due.shift()) task();
  }

  #event(event: StreamEvent): void {
    this.#flush();
    if (this.#silent) return;
    const data = this.#decode ? event.data : event.raw;
    this.#dispatch(event.type, data, event.id ?? this.#lastEventId());
  }

  /** While an event is handled, the cursor still is the id before it. */
  #lastEventId(): string {
    return this.#handle?.stats().cursor ?? '';
  }

  #control({ frame }: FactOf<'control'>): void {
    const { type } = frame;
    if (type === 'unknown') this.#post(frame.name, frame.data, this.#lastEventId());
    else this.#post(type, JSON.stringify(frame.body), this.#lastEventId());
  }

  #post(type: string, data: string, lastEventId: string): void {
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
    throw new DOMException(`cannot parse ${JSON.stringify(String(url))} as a URL`, 'SyntaxError');
  }
}
