import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, it } from 'vitest';
import type { SseKitError } from '../../protocol/errors.ts';
import { indexedDbCursorStore } from './indexed-db.ts';
import { localStorageCursorStore } from './local-storage.ts';

const STATE = { cursor: 'epoch123.4', dedupe: [['x', 17]] } as const;

function fakeStorage(): Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> & {
  readonly items: Map<string, string>;
} {
  const items = new Map<string, string>();
  return {
    items,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  };
}

describe('localStorage cursor store', () => {
  it('gives the next page what was saved, by key and prefix', () => {
    const storage = fakeStorage();
    localStorageCursorStore({ storage }).save('a', STATE);
    expect([...storage.items.keys()]).toEqual(['sse-kit:a']);
    const next = localStorageCursorStore({ storage });
    expect(next.load('a')).toEqual(STATE);
    expect(next.load('b')).toBeNull();
    expect(localStorageCursorStore({ storage, prefix: 'other:' }).load('a')).toBeNull();
  });

  it.each([
    '{"cursor":',
    '{"cursor":1,"dedupe":[]}',
    '{"cursor":null,"dedupe":[["x"]]}',
    '{"cursor":null,"dedupe":[["x",1,2]]}',
    'null',
  ])('removes and reports %s', (text) => {
    const storage = fakeStorage();
    storage.setItem('sse-kit:a', text);
    const warnings: SseKitError[] = [];
    expect(
      localStorageCursorStore({ storage, onWarning: (warning) => warnings.push(warning) }).load('a'),
    ).toBeNull();
    expect(warnings.map((warning) => warning.code)).toEqual(['ERR_CURSOR_CORRUPT']);
    expect(storage.items.size).toBe(0);
  });

  it('lets a full storage be seen', () => {
    const storage = {
      ...fakeStorage(),
      setItem: () => {
        throw new DOMException('full', 'QuotaExceededError');
      },
    };
    expect(() => localStorageCursorStore({ storage }).save('a', STATE)).toThrow('full');
  });
});

describe('IndexedDB cursor store', () => {
  it('gives the next page what was saved, by key and database', async () => {
    const indexedDB = new IDBFactory();
    const store = indexedDbCursorStore({ indexedDB });
    await store.save('a', STATE);
    await store.close();
    const next = indexedDbCursorStore({ indexedDB });
    expect(await next.load('a')).toEqual(STATE);
    expect(await next.load('b')).toBeNull();
    expect(await indexedDbCursorStore({ indexedDB, database: 'other' }).load('a')).toBeNull();
  });

  it('reports a value that is no cursor', async () => {
    const indexedDB = new IDBFactory();
    const warnings: SseKitError[] = [];
    const store = indexedDbCursorStore({ indexedDB, onWarning: (warning) => warnings.push(warning) });
    await store.save('a', { cursor: 5 } as never);
    expect(await store.load('a')).toBeNull();
    expect(warnings.map((warning) => warning.code)).toEqual(['ERR_CURSOR_CORRUPT']);
  });

  it('lets go when another tab deletes the database, and opens it again', async () => {
    const indexedDB = new IDBFactory();
    const store = indexedDbCursorStore({ indexedDB });
    await store.save('a', STATE);
    await new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase('sse-kit');
      request.onsuccess = resolve;
      request.onerror = reject;
    });
    expect(await store.load('a')).toBeNull();
    await store.save('a', STATE);
    expect(await store.load('a')).toEqual(STATE);
  });

  it('says so where there is no IndexedDB', async () => {
    await expect(indexedDbCursorStore().load('a')).rejects.toMatchObject({ code: 'ERR_INDEXED_DB' });
  });

  it('rejects with the cause when a value cannot be stored', async () => {
    const store = indexedDbCursorStore({ indexedDB: new IDBFactory() });
    await expect(store.save('a', { cursor: null, dedupe: (() => 0) as never })).rejects.toThrow();
  });
});
