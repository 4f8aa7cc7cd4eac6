import { quote, SseKitError } from '../../protocol/errors.ts';
import type { CursorStore } from '../cursor-store.ts';
import { isCursorState } from './parse-state.ts';

/** Options of `indexedDbCursorStore`. */
export interface IndexedDbCursorStoreOptions {
  /** Name of the database. Default `sse-kit`. */
  readonly database?: string;
  /** Default `globalThis.indexedDB`, looked up when used. */
  readonly indexedDB?: IDBFactory;
  /** Told about a value that cannot be read; the client starts without a cursor. Default console.warn. */
  readonly onWarning?: (warning: SseKitError) => void;
}

/** A cursor store that holds a database connection. */
export interface IndexedDbCursorStore extends CursorStore {
  /** Closes the database. A later `load` or `save` opens it again. */
  close(): Promise<void>;
}

const OBJECT_STORE = 'cursors';

/**
 * Keeps cursors in IndexedDB: works in workers and service workers, where localStorage does not exist, and holds large
 * dedupe windows. Writes use `durability: 'strict'`, so that a saved cursor survives a crash of the browser.
 *
 * Errors: `load` and `save` reject with `ERR_INDEXED_DB` (database denied, blocked or full; see `cause`). Warning code:
 * `ERR_CURSOR_CORRUPT`.
 * @see https://w3c.github.io/IndexedDB/
 */
export function indexedDbCursorStore(options: IndexedDbCursorStoreOptions = {}): IndexedDbCursorStore {
  const { database = 'sse-kit', onWarning = (warning) => console.warn(warning) } = options;
  let opened: Promise<IDBDatabase> | null = null;

  const open = (): Promise<IDBDatabase> => {
    opened ??= openDatabase(options.indexedDB ?? globalThis.indexedDB, database).then(
      (db) => {
        const forget = () => {
          opened = null;
        };
        db.onclose = forget;
        // Another tab wants to upgrade or delete the database: holding on would block it.
        db.onversionchange = () => {
          db.close();
          forget();
        };
        return db;
      },
      (error: unknown) => {
        opened = null; // the next call tries again
        throw error;
      },
    );
    return opened;
  };

  return {
    async load(key) {
      const db = await open();
      const request = db.transaction(OBJECT_STORE, 'readonly').objectStore(OBJECT_STORE).get(key);
      const state: unknown = await settled(request, (done) => {
        request.onsuccess = () => done(request.result);
      });
      if (state === undefined) return null;
      if (isCursorState(state)) return state;
      onWarning(
        new SseKitError(
          'ERR_CURSOR_CORRUPT',
          `${quote(key)} in ${database} is not a saved cursor and is ignored`,
        ),
      );
      return null;
    },
    async save(key, state) {
      const db = await open();
      const transaction = db.transaction(OBJECT_STORE, 'readwrite', { durability: 'strict' });
      transaction.objectStore(OBJECT_STORE).put(state, key);
      await settled(transaction, (done) => {
        transaction.oncomplete = () => done(undefined);
      });
    },
    async close() {
      const db = await opened;
      opened = null;
      db?.close();
    },
  };
}

function openDatabase(factory: IDBFactory | undefined, name: string): Promise<IDBDatabase> {
  if (!factory) throw new SseKitError('ERR_INDEXED_DB', 'there is no IndexedDB here');
  const request = factory.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(OBJECT_STORE);
  return settled(request, (done) => {
    request.onsuccess = () => done(request.result);
  });
}

/** A promise for a request or a transaction, rejecting with `ERR_INDEXED_DB` when it fails. */
function settled<T>(
  work: IDBRequest | IDBTransaction,
  onDone: (done: (value: T) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = () =>
      reject(
        new SseKitError('ERR_INDEXED_DB', `IndexedDB: ${work.error?.message ?? 'aborted'}`, {
          cause: work.error,
        }),
      );
    onDone(resolve);
    work.onerror = fail;
    if ('onabort' in work) work.onabort = fail;
  });
}
