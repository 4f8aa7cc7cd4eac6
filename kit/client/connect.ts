import { resolveConfig } from './config.ts';
import type { CloseReason, StateName } from './core/state.ts';
import { createDriver } from './driver.ts';
import type { StreamEvent } from './event.ts';
import type { ClientFact } from './facts.ts';
import { browserLifecycle } from './lifecycle.ts';
import { createListeners, type ListenerOptions } from './listeners.ts';
import type { AnyEvent, ConnectOptions, EventMap, PerAttempt } from './options.ts';
import { type ClientPorts, reportErrorPort, systemClock, textDecoderPort } from './ports.ts';
import { createPull } from './pull.ts';
import type { ClientStats } from './stats.ts';
import { fetchTransport } from './transport.ts';

/** A client that was started. */
export interface StreamHandle<Events extends EventMap = EventMap> extends AsyncIterable<AnyEvent<Events>> {
  readonly state: StateName;
  stats(): ClientStats;
  /**
   * The reason, once closed: nothing runs any more and the cursor is saved. After `reconnect()` a new promise.
   * It never rejects. A handler or a store that does not finish is waited for 10 seconds and then reported by
   * `onError` as `ERR_CLOSE_TIMEOUT`; a handler that does finish later is still committed. So is a handler that waits
   * for this promise: for itself.
   */
  readonly closed: Promise<CloseReason>;
  /**
   * Closes for good, interrupting whatever it waits for.
   * @returns `closed`. A handler that calls it before its first `await` may wait for it: its own promise resolves at
   * once. After that, the handler would wait for itself.
   */
  close(cause?: string): Promise<CloseReason>;
  /** Moves the cursor to an id that was handled, with the option `commit: 'manual'`. */
  commit(id: string): void;
  /** Connects now: out of a wait, in the place of a connection, or again after giving up. */
  reconnect(): void;
  /**
   * Listens to events of one type (`*` for all), as part of the handler: the cursor waits for its promise. When one of
   * several fails, the others get the event all the same; then it is handled as a failure of the handler.
   */
  addEventListener<Type extends keyof Events & string>(
    type: Type,
    listener: (event: StreamEvent<Events[Type], Type>) => unknown,
    options?: ListenerOptions,
  ): void;
  /** Listens to facts of one kind, `stream.` before the kind: `stream.retry`, `stream.gap` … */
  addEventListener<Kind extends ClientFact['kind']>(
    type: `stream.${Kind}`,
    listener: (fact: Extract<ClientFact, { kind: Kind }>) => unknown,
    options?: ListenerOptions,
  ): void;
  removeEventListener(type: string, listener: (value: never) => unknown): void;
  /**
   * Pulls events one by one: nothing is read from the network that is not asked for. An event is committed when the
   * next one is asked for, and not when the loop is left in the middle of it. Ends when closed; throws when the client
   * gave up or failed. @throws SseKitError `ERR_GAVE_UP`, `ERR_ALREADY_ITERATED`
   */
  [Symbol.asyncIterator](): AsyncIterator<AnyEvent<Events>>;
}

/** The ports of browsers and workers. */
export function browserPorts(): ClientPorts {
  return {
    clock: systemClock,
    random: Math.random,
    transport: fetchTransport(),
    lifecycle: browserLifecycle,
    decoder: textDecoderPort,
    reportError: reportErrorPort,
  };
}

/** `connect` with ports of its own: what the entries for browsers and for Node are made of. */
export function connectWith<Events extends EventMap>(
  defaults: () => ClientPorts,
  url: PerAttempt<string | URL>,
  options: ConnectOptions<Events>,
): StreamHandle<Events> {
  const config = resolveConfig(options as ConnectOptions);
  const ports = { ...defaults(), ...options.ports };
  const pull = createPull();
  const { onEvent, observe = [], signal } = config.options;
  const observers = [observe].flat();
  const listeners = createListeners(observers, onEvent, pull);
  const driver = createDriver({
    url,
    config,
    ports,
    name: options.name ?? nameOf(url),
    observers,
    handle: listeners.handle,
    onClosing: pull.end,
  });
  if (signal?.aborted) void driver.close('aborted');
  else driver.dispatch({ type: 'start' });
  return {
    get state() {
      return driver.state().name;
    },
    get closed() {
      return driver.closed();
    },
    stats: driver.stats,
    commit: driver.commit,
    close: driver.close,
    reconnect: () => driver.dispatch({ type: 'reconnect' }),
    addEventListener: listeners.add,
    removeEventListener: listeners.remove,
    [Symbol.asyncIterator]: () => pull.iterate(driver) as AsyncIterator<AnyEvent<Events>>,
  };
}

function nameOf(url: unknown): string {
  return typeof url === 'function' ? 'stream' : String(url).replace(/[?#].*$/s, '');
}
