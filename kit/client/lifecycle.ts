/**
 * What the surroundings say about the life of the page and its network:
 * - `online`, `offline`: the machine's network came or went (a hint, not proof);
 * - `wake`: the page became visible or thawed, so timers may have been late;
 * - `suspend`: the page may enter the back/forward cache, or is going away: connections must be let go;
 * - `restore`: the page came back out of the back/forward cache.
 */
export type LifecycleSignal = 'online' | 'offline' | 'wake' | 'suspend' | 'restore';

/** Source of lifecycle signals. */
export interface Lifecycle {
  /** Starts to listen; returns a function that stops. */
  subscribe(listener: (signal: LifecycleSignal) => void): () => void;
}

/** For surroundings without a page: servers, most workers, tests. */
export const noLifecycle: Lifecycle = { subscribe: () => () => undefined };

/**
 * The lifecycle of a browser page or worker, as far as it has one.
 * @see https://wicg.github.io/page-lifecycle/
 */
export const browserLifecycle: Lifecycle = {
  subscribe(listener) {
    const stops: Array<() => void> = [];
    const on = (
      target: EventTarget | undefined,
      name: string,
      signal: () => LifecycleSignal | null,
    ): void => {
      if (typeof target?.addEventListener !== 'function') return;
      const handler = (): void => {
        const value = signal();
        if (value) listener(value);
      };
      target.addEventListener(name, handler);
      stops.push(() => target.removeEventListener(name, handler));
    };
    const page = globalThis.document;
    on(globalThis, 'online', () => 'online');
    on(globalThis, 'offline', () => 'offline');
    on(globalThis, 'pagehide', () => 'suspend');
    on(globalThis, 'pageshow', () => 'restore');
    on(page, 'resume', () => 'wake');
    on(page, 'visibilitychange', () => (page.visibilityState === 'visible' ? 'wake' : null));
    return () => {
      for (const stop of stops) stop();
    };
  },
};
