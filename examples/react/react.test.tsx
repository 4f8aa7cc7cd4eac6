import { StrictMode } from 'react';
import { act, create, type ReactTestRenderer } from 'react-test-renderer';
import { nodeHandler } from 'sse-reliability-kit/node-http';
import { createEventStream, type EventStream } from 'sse-reliability-kit/server';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Served, serve } from '../testing/serve.ts';
import { Orders } from './orders.tsx'; // on use-stream.ts

let orders: EventStream;
let served: Served;
let rendered: ReactTestRenderer;

beforeEach(async () => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  // React announces that this renderer is meant for the past; it needs no DOM, which is what is wanted here.
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  orders = createEventStream({ name: 'orders', retryMs: 20 });
  served = await serve(nodeHandler(orders));
});

afterEach(async () => {
  await act(async () => rendered.unmount());
  await orders.close();
  await served.close();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

async function render(): Promise<void> {
  await act(async () => {
    rendered = create(
      <StrictMode>
        <Orders url={served.origin} />
      </StrictMode>,
    );
  });
}

const items = () => rendered.root.findAllByType('li').map((li) => li.children.join(''));
const status = () => rendered.root.findByProps({ role: 'status' }).children.join('');
const until = (check: () => void) =>
  vi.waitFor(async () => {
    await act(async () => undefined);
    check();
  }, 15_000);

describe('docs/guides/react.md', () => {
  it('shows events as they come, each once, also in StrictMode and over a reconnect', async () => {
    await render();
    await until(() => expect(status()).toBe('live'));
    await until(() => expect(orders.stats().connections).toBe(1));
    await orders.publish('order', { id: 1, item: 'tea' });
    await until(() => expect(items()).toEqual(['tea']));
    served.cut();
    await until(() => expect(status()).toBe('connecting …'));
    await orders.publish('order', { id: 2, item: 'salt' });
    await until(() => expect(items()).toEqual(['tea', 'salt']));
    expect(status()).toBe('live');
  });

  it('lets the connection go when the component goes', async () => {
    await render();
    await until(() => expect(orders.stats().connections).toBe(1));
    await act(async () => rendered.unmount());
    await vi.waitFor(() => expect(orders.stats().connections).toBe(0), 10_000);
  });
});
