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

type Signals = Readonly<Record<string, LifecycleSignal>>;

const OF_WINDOW: Signals = { online: 'online', offline: 'offline', pagehide: 'suspend', pageshow: 'restore' };
const OF_DOCUMENT: Signals = { resume: 'wake', visibilitychange: 'wake' };

/**
 * The lifecycle of a browser page or worker, as far as it has one.
 * @see https://wicg.github.io/page-lifecycle/
 */
export const browserLifecycle: Lifecycle = {
  subscribe(listener) {
    const { document } = globalThis;
    const stopping = new AbortController();
    const on = (target: Partial<EventTarget> | undefined, signals: Signals): void => {
      for (const [name, signal] of Object.entries(signals)) {
        const tell = (): void => {
          if (name !== 'visibilitychange' || document.visibilityState === 'visible') listener(signal);
        };
        target?.addEventListener?.(name, tell, { signal: stopping.signal });
      }
    };
    on(globalThis, OF_WINDOW);
    on(document, OF_DOCUMENT);
    return () => stopping.abort();
  },
};
