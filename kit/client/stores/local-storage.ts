import { quote, SseKitError } from '../../protocol/errors.ts';
import type { CursorStore } from '../cursor-store.ts';
import { isCursorState } from './parse-state.ts';

/** Options of `localStorageCursorStore`. */
export interface LocalStorageCursorStoreOptions {
  /** Put before every key. Default `sse-kit:`. */
  readonly prefix?: string;
  /** Where to store. Default `globalThis.localStorage`, looked up when used; `sessionStorage` keeps a cursor per tab. */
  readonly storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  /** Told about a value that cannot be read; it is removed and the client starts without a cursor. Default console.warn. */
  readonly onWarning?: (warning: SseKitError) => void;
}

/**
 * Keeps cursors in Web Storage, for pages that should go on where they were after a reload. Synchronous: the cursor is
 * there even when the page is closed right after the handler finished. Tabs that use the same key share one cursor; use
 * tab sharing, or `storage: sessionStorage`, when they must not.
 *
 * Errors: `save` throws what `setItem` throws (quota, denied storage), which the client reports as `ERR_CURSOR_STORE`.
 * Warning code: `ERR_CURSOR_CORRUPT`.
 */
export function localStorageCursorStore(options: LocalStorageCursorStoreOptions = {}): CursorStore {
  const { prefix = 'sse-kit:', onWarning = (warning) => console.warn(warning) } = options;
  const storage = () => options.storage ?? globalThis.localStorage;
  return {
    load(key) {
      const name = prefix + key;
      const text = storage().getItem(name);
      if (text === null) return null;
      try {
        const state: unknown = JSON.parse(text);
        if (isCursorState(state)) return state;
      } catch {
        // reported below, with the text
      }
      storage().removeItem(name);
      onWarning(
        new SseKitError(
          'ERR_CURSOR_CORRUPT',
          `${name} is not a saved cursor and was removed: ${quote(text)}`,
        ),
      );
      return null;
    },
    save: (key, state) => storage().setItem(prefix + key, JSON.stringify(state)),
  };
}
