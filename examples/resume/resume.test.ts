import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { IDBFactory } from 'fake-indexeddb';
import type { StreamHandle } from 'sse-reliability-kit/client';
import { nodeHandler } from 'sse-reliability-kit/node-http';
import { createEventStream, createMemoryLog, type EventStream } from 'sse-reliability-kit/server';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Served, serve } from '../testing/serve.ts';
import { followOrders, type Order } from './file-store.ts';
import { showNews as showNewsFromIndexedDb } from './indexed-db.ts';
import { showNews as showNewsFromLocalStorage } from './local-storage.ts';
import { mirrorStock } from './snapshot.ts';
import { followPayments } from './transaction.ts';

let events: EventStream;
let served: Served;
let folder: string;
const home = process.cwd();
const open: Pick<StreamHandle, 'close'>[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'resume-'));
  process.chdir(folder); // the examples write to ./state
  events = createEventStream({ name: 'events', log: createMemoryLog({ maxEvents: 5 }), retryMs: 20 });
  const subscribe = nodeHandler(events);
  served = await serve((request, response) => {
    if (request.url !== '/stock') return void subscribe(request, response);
    const { head } = events.stats();
    response.end(
      JSON.stringify({ position: `${events.stats().epoch}.${head}`, stock: [{ item: 'tea', count: 50 }] }),
    );
  });
});

afterEach(async () => {
  for (const stream of open.splice(0)) await stream.close();
  await events.close();
  await served.close();
  process.chdir(home);
  vi.unstubAllGlobals();
  await rm(folder, { recursive: true, force: true });
});

function track<T extends Pick<StreamHandle, 'close'>>(stream: T): T {
  open.push(stream);
  return stream;
}

const opened = () => vi.waitFor(() => expect(events.stats().connections).toBe(1));

describe('docs/guides/resume-across-restarts.md', () => {
  it('file-store.ts goes on where the last process stopped, with nothing lost and nothing twice', async () => {
    const shipped: number[] = [];
    const ship = async ({ id }: Order) => void shipped.push(id);
    const first = track(followOrders(served.origin, ship));
    await opened();
    await events.publish('order', { id: 1 });
    await vi.waitFor(() => expect(shipped).toEqual([1]));
    await first.close();
    await events.publish('order', { id: 2 });
    await events.publish('order', { id: 3 });
    track(followOrders(served.origin, ship));
    await vi.waitFor(() => expect(shipped).toEqual([1, 2, 3]));
  });

  it('file-store.ts hands an event over again when the process stopped in the middle of it', async () => {
    const begun: number[] = [];
    let release: () => void = () => undefined;
    const dies = track(
      followOrders(served.origin, ({ id }) => {
        begun.push(id);
        return new Promise((resolve) => {
          release = resolve;
        });
      }),
    );
    await opened();
    await events.publish('order', { id: 1 });
    await vi.waitFor(() => expect(begun).toEqual([1]));
    void dies.close(); // its handler never finishes, as in a process that was killed
    track(followOrders(served.origin, async ({ id }) => void begun.push(id)));
    await vi.waitFor(() => expect(begun).toEqual([1, 1]));
    release();
  });

  it.each(['local-storage.ts', 'indexed-db.ts'] as const)('%s goes on after a reload', async (file) => {
    const items = new Map<string, string>();
    vi.stubGlobal('localStorage', {
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => void items.set(key, value),
      removeItem: (key: string) => void items.delete(key),
    });
    vi.stubGlobal('indexedDB', new IDBFactory());
    const showNews = file === 'indexed-db.ts' ? showNewsFromIndexedDb : showNewsFromLocalStorage;
    const shown: string[] = [];
    const page = track(showNews(served.origin, (headline) => shown.push(headline)));
    await opened();
    await events.publish('headline', 'one');
    await vi.waitFor(() => expect(shown).toEqual(['one']));
    await page.close();
    await events.publish('headline', 'two');
    track(showNews(served.origin, (headline) => shown.push(headline)));
    await vi.waitFor(() => expect(shown).toEqual(['one', 'two']));
  });

  it('transaction.ts counts each payment once, also when its process dies before the commit', async () => {
    const db = new ClassicLevel<string, string>(join(folder, 'db'));
    const real = db.batch.bind(db);
    let dead = false;
    let release: () => void = () => undefined;
    const batch = vi.spyOn(db, 'batch') as unknown as { mockImplementation(f: typeof db.batch): void };
    batch.mockImplementation(((operations: never) =>
      dead ? new Promise<void>((resolve) => (release = resolve)) : real(operations)) as typeof db.batch);
    const first = track(await followPayments(served.origin, db));
    await opened();
    await events.publish('payment', { account: 'ann', amount: 5 });
    await vi.waitFor(async () => expect(await db.get('sum:ann')).toBe('5'));
    dead = true;
    await events.publish('payment', { account: 'ann', amount: 7 });
    await vi.waitFor(() => expect(db.batch).toHaveBeenCalledTimes(2));
    void first.close();
    dead = false;
    track(await followPayments(served.origin, db));
    await vi.waitFor(async () => expect(await db.get('sum:ann')).toBe('12'));

    served.cut(); // a reconnect of the same client repeats nothing either
    await events.publish('payment', { account: 'ann', amount: 1 });
    await vi.waitFor(async () => expect(await db.get('sum:ann')).toBe('13'), 10_000);
    expect(await db.get('cursor')).toBe(`${events.stats().epoch}.3`);
    release();
    for (const stream of open.splice(0)) await stream.close();
    await db.close();
  });

  it('snapshot.ts loads everything when the log no longer has what is missing', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const stock = new Map<string, number>();
    const first = track(mirrorStock(served.origin, stock));
    await opened();
    await events.publish('stock', { item: 'tea', count: 1 });
    await vi.waitFor(() => expect(stock.get('tea')).toBe(1));
    await first.close();
    for (let count = 2; count <= 20; count++) await events.publish('stock', { item: 'tea', count });
    track(mirrorStock(served.origin, stock));
    await vi.waitFor(() => expect(stock.get('tea')).toBe(50));
    expect(warn.mock.calls).toEqual([['14 changes are lost (expired), loading all']]);
    await events.publish('stock', { item: 'salt', count: 3 });
    await vi.waitFor(() =>
      expect([...stock]).toEqual([
        ['tea', 50],
        ['salt', 3],
      ]),
    );
    warn.mockRestore();
  });
});
