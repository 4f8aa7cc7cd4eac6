import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { IDBFactory } from 'fake-indexeddb';
import { nodeHandler } from 'sse-reliability-kit/node-http';
import { createEventStream, createMemoryLog, type EventStream } from 'sse-reliability-kit/server';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Served, serve } from '../testing/serve.ts';

let orders: EventStream;
let served: Served;
let bundle: string;
let indexedDB: IDBFactory;
let shown: string[];

beforeEach(async () => {
  orders = createEventStream({ name: 'orders', log: createMemoryLog({ maxEvents: 3 }) });
  served = await serve(nodeHandler(orders));
  indexedDB = new IDBFactory();
  shown = [];
  // catch-up.ts comes with it, as in what a bundler makes for browsers.
  const { outputFiles } = await build({
    entryPoints: ['examples/service-worker/service-worker.ts'],
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
  });
  bundle = outputFiles[0]?.text ?? '';
});

afterEach(async () => {
  await orders.close();
  await served.close();
});

/** Starts the worker anew, as a browser does for each push, and resolves when it may be ended again. */
async function push(): Promise<void> {
  const scope = new EventTarget();
  const globals = {
    self: scope,
    addEventListener: scope.addEventListener.bind(scope),
    removeEventListener: scope.removeEventListener.bind(scope),
    registration: { showNotification: async (title: string) => void shown.push(title) },
    indexedDB,
    fetch: (url: string, init: RequestInit) => fetch(new URL(url, served.origin), init),
    ...{ AbortController, AbortSignal, TextDecoder, URL, console, performance, setTimeout, clearTimeout },
    TextEncoder,
    ...{ queueMicrotask, reportError: (error: unknown) => console.error(error), crypto },
  };
  runInContext(bundle, createContext(globals));
  const work: Promise<unknown>[] = [];
  scope.dispatchEvent(
    Object.assign(new Event('push'), { waitUntil: (promise: Promise<unknown>) => work.push(promise) }),
  );
  expect(work).toHaveLength(1);
  await Promise.all(work);
}

describe('docs/guides/service-worker.md', () => {
  it('shows what was published since the last push, once, and leaves no connection open', async () => {
    await push(); // the first one finds where the stream stands
    expect(shown).toEqual([]);
    await orders.publish('order', { item: 'tea' });
    await orders.publish('order', { item: 'salt' });
    await push();
    expect(shown).toEqual(['New order: tea', 'New order: salt']);
    await push();
    expect(shown).toHaveLength(2);
    await orders.publish('order', { item: 'rice' });
    await push();
    expect(shown.slice(2)).toEqual(['New order: rice']);
    await vi.waitFor(() => expect(orders.stats().connections).toBe(0));
  });

  it('shows what the server still has when it was away for too long', async () => {
    await push();
    for (const item of ['a', 'b', 'c', 'd', 'e']) await orders.publish('order', { item });
    await push();
    expect(shown).toEqual(['New order: c', 'New order: d', 'New order: e']);
  });
});
