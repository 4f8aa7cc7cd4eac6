import { describe, expect, it } from 'vitest';
import { FakeBrowser, FakeServer } from '../../kit/client/tabs/fake-browser.fixture.ts';
import { VirtualClock } from '../../kit/testing/index.ts';
import { watchOrders } from './orders.ts';

describe('docs/tab-sharing.md', () => {
  it('orders.ts shows every order in every tab, over one connection', async () => {
    const [clock, server, browser] = [new VirtualClock(), new FakeServer(), new FakeBrowser()];
    const tabs = ['one', 'two'].map((name) => {
      const { ports, tabPorts } = browser.open(name, clock, server);
      const shown: unknown[] = [];
      const stream = watchOrders('http://shop/orders', 'u1', (order) => shown.push(order), {
        ports,
        share: { ports: tabPorts },
      });
      return { shown, stream };
    });
    await clock.advance(1000);
    server.publish(3);
    await clock.advance(1000);
    expect(tabs.map(({ shown }) => shown)).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(server.requests).toHaveLength(1);
    await Promise.all(tabs.map(({ stream }) => stream.close()));
  });
});
