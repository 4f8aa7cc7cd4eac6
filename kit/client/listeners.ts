import { type Handle, isThenable } from './delivery.ts';
import type { StreamEvent } from './event.ts';
import type { ClientFact } from './facts.ts';
import type { Pull } from './pull.ts';

/** As for `EventTarget.addEventListener`. */
export interface ListenerOptions {
  readonly once?: boolean;
  /** Removes the listener when aborted. */
  readonly signal?: AbortSignal;
}

// biome-ignore lint/suspicious/noExplicitAny: the public overloads pair types with listeners; here all are alike
type Listener = (value: any) => unknown;

interface Entry {
  readonly listener: Listener;
  readonly once: boolean;
}

const FACT_PREFIX = 'stream.';

/** Listeners by type, for events and (below `stream.`, which no event may use) for facts. */
export interface Listeners {
  readonly add: (type: string, listener: Listener, options?: ListenerOptions) => void;
  readonly remove: (type: string, listener: (value: never) => unknown) => void;
  /** The handler made of `onEvent` and the listeners. */
  readonly handle: Handle;
}

/**
 * @param observers gets an observer as soon as somebody listens to facts, and not before: facts for each event cost.
 * @param pull handles events while there are neither listeners nor `onEvent`.
 */
export function createListeners(
  observers: Array<(fact: ClientFact) => unknown>,
  onEvent: Handle | undefined,
  pull: Pull,
): Listeners {
  const byType = new Map<string, Entry[]>();
  const alone = onEvent ?? pull.handle;
  let events = 0;

  const fire = (type: string, value: unknown): unknown[] =>
    (byType.get(type) ?? []).map(({ listener, once }) => {
      if (once) remove(type, listener);
      return attempt(listener, value);
    });
  const whole = (event: StreamEvent): unknown =>
    settle([...(onEvent ? [attempt(onEvent, event)] : []), ...fire(event.type, event), ...fire('*', event)]);
  const tell = (fact: ClientFact): unknown => settle(fire(FACT_PREFIX + fact.kind, fact));
  const remove = (type: string, listener: (value: never) => unknown): void => {
    const entries = byType.get(type) ?? [];
    const left = entries.filter((entry) => entry.listener !== listener);
    byType.set(type, left);
    if (!type.startsWith(FACT_PREFIX)) events -= entries.length - left.length;
  };
  return {
    add(type, listener, { once = false, signal } = {}) {
      const entries = byType.get(type) ?? [];
      if (signal?.aborted || entries.some((entry) => entry.listener === listener)) return;
      byType.set(type, [...entries, { listener, once }]);
      signal?.addEventListener('abort', () => remove(type, listener), { once: true });
      if (!type.startsWith(FACT_PREFIX)) {
        if (++events === 1) pull.redirect(whole);
      } else if (!observers.includes(tell)) observers.push(tell);
    },
    remove,
    handle: (event) => (events === 0 ? alone(event) : whole(event)),
  };
}

/** A listener that throws keeps nothing from the next. */
function attempt(listener: Listener, value: unknown): unknown {
  try {
    return listener(value);
  } catch (error) {
    return Promise.reject(error);
  }
}

/** One promise for all that are promises; none when no listener made one. It waits for all, also where one rejects. */
function settle(results: unknown[]): unknown {
  const promises = results.filter(isThenable);
  return promises.length > 0 ? Promise.allSettled(promises).then(() => Promise.all(promises)) : undefined;
}
