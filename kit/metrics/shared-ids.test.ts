import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { nodeHandler } from '../adapters/node-http.ts';
import { connect } from '../client/node/index.ts';
import { createEventStream } from '../server/index.ts';
import { type FactLogger, logClientFacts, logServerFacts } from './log-facts.ts';

const cleanups: Array<() => unknown> = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Line {
  readonly message: string;
  readonly stream?: string;
  readonly connection?: string;
  readonly traceId?: string;
}

function logger(lines: Line[]): FactLogger {
  const write = (detail: object, message: string): void => void lines.push({ ...detail, message });
  return { debug: write, info: write, warn: write, error: write };
}

it('client and server log one connection under the same stream, connection and trace ids, again after a reconnect', async () => {
  const [ofServer, ofClient]: [Line[], Line[]] = [[], []];
  const orders = createEventStream({ name: 'orders', observe: logServerFacts(logger(ofServer)) });
  const server = http.createServer(nodeHandler(orders));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(async () => {
    await orders.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, {
    retry: { baseMs: 10, maxMs: 10 },
    onEvent: () => undefined,
    observe: logClientFacts(logger(ofClient)),
  });
  cleanups.push(() => client.close());
  const ids = (lines: readonly Line[], what: RegExp) =>
    lines
      .filter(({ message }) => what.test(message))
      .map(({ stream, connection, traceId }) => ({ stream, connection, traceId }));
  const opened = () => ids(ofClient, /\bopen\b/);
  await expect.poll(opened).toHaveLength(1);
  server.closeAllConnections();
  await expect.poll(opened, { timeout: 5000 }).toHaveLength(2);

  expect(opened()).toEqual(ids(ofServer, /connection-opened/));
  const [first, second] = opened();
  expect(first).toEqual({
    stream: 'orders',
    connection: expect.any(String),
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  expect(second).toEqual({ ...first, connection: expect.not.stringMatching(`^${first?.connection}$`) });
});
