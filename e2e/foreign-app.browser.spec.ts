import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test as base, expect } from '../fixtures/index.ts';

/** Somebody else's server, without the kit: writes what a test says to whoever is connected. */
interface App {
  readonly origin: string;
  /** Cursors of the requests that came through the network under test. */
  readonly cursors: (string | undefined)[];
  /** Writes raw frames to every open connection. */
  send(...frames: readonly string[]): void;
  /** Ends every response, as a platform with a limit does. */
  end(): void;
}

const PAGE = `<!doctype html><link rel="icon" href="data:,"><ol></ol><script>
  const show = ({ data }) => document.querySelector('ol').append(Object.assign(document.createElement('li'), { textContent: data }));
  const source = new EventSource('/events');
  for (const type of ['message', 'ping', 'stream.cannot-resume']) source.addEventListener(type, show);
</script>`;

const test = base.extend<{ app: App }>({
  app: async ({}, use) => {
    const open = new Set<ServerResponse>();
    const cursors: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      if (request.url !== '/events') {
        response.setHeader('content-type', 'text/html').end(PAGE);
        return;
      }
      const cursor = request.headers['last-event-id'];
      if (/Mozilla/.test(request.headers['user-agent'] ?? '')) cursors.push(cursor?.toString());
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('retry: 100\n\n');
      // Published before the page subscribes, and seen by the observer alone.
      if (open.size === 0 && cursor === undefined) response.write(event(0));
      open.add(response);
      response.on('close', () => open.delete(response));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    await use({
      origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      cursors,
      send: (...frames) => {
        for (const response of open) response.write(frames.join(''));
      },
      end: () => {
        for (const response of open) {
          response.end();
          open.delete(response);
        }
      },
    });
    server.closeAllConnections();
    server.close();
  },
  sseTarget: async ({ app }, use) => use(`${app.origin}/events`),
});

const event = (n: number) => `id: ${n}\ndata: ${n}\n\n`;
const ping = 'event: ping\ndata: {}\n\n';

test.beforeEach(async ({ page, app, chaos, recorder }) => {
  await page.goto(chaos.through(`${app.origin}/`));
  await recorder.opened(1);
});

test('events without an id, and types that nobody listens to, are not held against the page', async ({
  app,
  chaos,
  recorder,
}) => {
  app.send(event(1), ping, ping, 'id: 2\nevent: unwanted\ndata: 2\n\n', ping, event(3));
  await recorder.processed(5);
  expect(await chaos.settle()).toBe(true);
  expect(recorder).toHaveNoLoss();
  expect(recorder).toBeProcessedOnce();
  expect(recorder).toBeInOrder();
});

test('an application that never stops publishing is caught up with all the same', async ({
  app,
  chaos,
  recorder,
}) => {
  let n = 0;
  const publishing = setInterval(() => app.send(event(++n)), 5);
  await recorder.processed(20);
  for (let turn = 0; turn < 20; turn++) {
    expect(await chaos.settle()).toBe(true);
    expect(recorder).toHaveNoLoss();
  }
  clearInterval(publishing);
});

test('a stream in which nothing has an id decides nothing', async ({ app, recorder }) => {
  app.send('data: 1\n\n', 'data: 2\n\n');
  await recorder.processed(2);
  expect(() => expect(recorder).toHaveNoLoss()).toThrow('the history does not say');
  expect(() => expect(recorder).toBeProcessedOnce()).toThrow('the history does not say');
});

test('an EventSource that was refused for good has lost what came after', async ({
  app,
  chaos,
  recorder,
}) => {
  app.send(event(1));
  await recorder.processed(1);
  const refusal = chaos.sse.arm({ name: 'status', status: 503 });
  app.end();
  await refusal.fired();
  await refusal.heal();
  await expect(async () => {
    app.send(event(2));
    expect(() => expect(recorder).toHaveNoLoss()).toThrow(/loss: 1 event of \d lost without a word: page/);
  }).toPass();
  expect(() => expect(recorder).toRecoverWithin(1000)).toThrow(/never alive again/);
});

test('a server that ends its responses and does not resume is found out', async ({
  app,
  chaos,
  recorder,
}) => {
  app.send(event(1));
  await recorder.processed(1);
  // The page is kept out, the observer is not.
  const outage = await chaos.down();
  app.end();
  await expect(async () => {
    app.send(event(2));
    expect(recorder.history()).toContainEqual(expect.objectContaining({ kind: 'produced', id: '2' }));
  }).toPass();
  await outage.heal();
  await recorder.opened(2);
  app.send(event(3));
  await recorder.processed(2);
  await chaos.settle(100);
  expect(app.cursors).toEqual([undefined, '1']);
  expect(() => expect(recorder).toHaveNoLoss()).toThrow(/loss: 1 event of \d lost without a word: page/);
});

test('a loss that the server announces is no silent one', async ({ app, chaos, recorder }) => {
  app.send('id: e.1\ndata: 1\n\n');
  await recorder.processed(1);
  const drop = chaos.sse.arm({ name: 'drop', times: 1 });
  app.send('id: e.2\ndata: 2\n\n');
  await drop.fired();
  const said = { reason: 'expired', requested: 'e.1', from: 'e.2', missed: 1 };
  app.send(`id: e.2\nevent: stream.cannot-resume\ndata: ${JSON.stringify(said)}\n\n`, 'id: e.3\ndata: 3\n\n');
  await recorder.processed(2);
  await chaos.settle(100);
  expect(recorder).toHaveNoLoss();
  expect(recorder).toBeProcessedOnce();
});

test('a fault that broke nothing decides nothing', async ({ app, chaos, recorder }) => {
  const stall = await chaos.stall();
  await stall.heal(); // nothing was sent meanwhile
  app.send(event(1));
  await recorder.processed(1);
  expect(() => expect(recorder).toHaveNoLoss()).toThrow(/bandwidth#1 never fired/);
});
