import type { DedupeSnapshot } from './core/dedupe-window.ts';

/** What survives a restart: where to go on, and which opaque ids were handled. */
export interface CursorState {
  /** The last id whose handler finished; `null` for none. */
  readonly cursor: string | null;
  /** Ids in the dedupe window, oldest first; empty when positions prove order by themselves. */
  readonly dedupe: DedupeSnapshot;
}

/**
 * Where a client keeps its cursor. `save` is called after the handler finished. While one `save` is under way the
 * next waits, and only the newest state is written: a slow store delays no event, it only lags behind.
 */
export interface CursorStore {
  /**
   * What was saved under `key`; `null` when nothing was. When it throws, rejects, or takes longer than 10 seconds, the
   * client reports `ERR_CURSOR_STORE` and connects without.
   */
  load(key: string): Promise<CursorState | null> | CursorState | null;
  /** Keeps a state. When it throws or rejects, the client reports `ERR_CURSOR_STORE` and goes on. */
  save(key: string, state: CursorState): Promise<void> | void;
}

/** A store that lives as long as the object: for several clients in turn, and for tests. */
export function memoryCursorStore(): CursorStore {
  const states = new Map<string, CursorState>();
  return {
    load: (key) => states.get(key) ?? null,
    save: (key, state) => void states.set(key, state),
  };
}
