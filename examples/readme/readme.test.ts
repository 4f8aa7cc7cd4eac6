import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { watchOrders } from './client.ts';

describe('the server and the client of the README (server.ts, client.ts)', () => {
  process.env.PORT = '0';
  const opened = import('./server.ts');

  afterAll(async () => {
    const { server, orders } = await opened;
    await orders.drain({ withinMs: 100 });
    await orders.close();
    await new Promise((resolve) => server.close(resolve));
  });

  it('hands every order over, also those published while the connection was down', async () => {
    const { server, orders } = await opened;
    if (!server.listening) await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const got: number[] = [];
    let wake: () => void = () => undefined;
    const stream = watchOrders(`http://127.0.0.1:${port}/orders`, async ({ id }) => {
      got.push(id);
      wake();
    });
    const until = async (count: number) => {
      while (got.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    };
    await new Promise<void>((resolve) =>
      stream.addEventListener('stream.open', () => resolve(), { once: true }),
    );
    await orders.publish('order.created', { id: 2 });
    await until(1);
    server.closeAllConnections();
    await orders.publish('order.created', { id: 3 });
    await until(2);
    expect(got).toEqual([2, 3]);
    await stream.close();
  });
});
