import { test as base, expect } from '../fixtures/index.ts';
import { demoServers } from '../fixtures/servers/index.ts';
import { DEFAULT_SERVER, type Target } from '../harness/runner/target.ts';

/** How a team would test an application of its own: a page with a plain EventSource, and a server it does not change. */
const test = base.extend<object, { server: Target }>({
  server: [
    async ({}, use) => {
      const server = await demoServers[0]?.start(DEFAULT_SERVER);
      if (!server) throw new Error('there is no demo server');
      try {
        await use(server);
      } finally {
        await server.stop();
      }
    },
    { scope: 'worker' },
  ],
  sseTarget: async ({ server }, use) => use(server.url()),
});

const ticks = (count: number) => Array.from({ length: count }, (_, n) => ({ type: 'tick', data: { n } }));

/** The application: the browser's own EventSource, as in any tutorial. */
const APP = `<!doctype html><link rel="icon" href="data:,"><ol></ol><script>
  const source = new EventSource('/stream');
  source.addEventListener('tick', (event) => {
    document.querySelector('ol').append(Object.assign(document.createElement('li'), { textContent: event.data }));
  });
</script>`;

test.beforeEach(async ({ page, chaos, recorder }) => {
  const app = new URL('/app', chaos.url).href;
  await page.route(app, (route) => route.fulfill({ contentType: 'text/html', body: APP }));
  await page.goto(app);
  await page.unroute(app);
  await recorder.opened(1);
});

test('a reconnect without loss satisfies every matcher', async ({ chaos, recorder, server }) => {
  await server.publish(ticks(5));
  await recorder.processed(5);
  const [last] = (await server.publish(ticks(1))).slice(-1);
  await recorder.processed(6);
  const outage = await chaos.down();
  await server.publish(ticks(5));
  await outage.heal();
  await recorder.processed(11);
  expect(await chaos.settle()).toBe(true);

  expect(recorder).toHaveNoLoss();
  expect(recorder).toBeProcessedOnce();
  expect(recorder).toBeInOrder();
  expect(recorder).toHaveResumedFrom(last?.id ?? '');
  expect(recorder).toRecoverWithin(8000);
  expect(recorder).toStayLive(10_000);
});

test('events that the network swallowed are loss, and the failure shows them', async ({
  chaos,
  recorder,
  server,
}) => {
  const drop = chaos.sse.arm({ name: 'drop', times: 2 });
  await server.publish(ticks(5));
  await drop.fired();
  await recorder.processed(3);
  expect(() => expect(recorder).toHaveNoLoss()).toThrow(
    /loss: 2 events of 5 lost .*page\n(.*\n)* +\+.* produced /,
  );
  expect(recorder).toBeProcessedOnce();
});

test('a matcher decides nothing about a history that says nothing', () => {
  expect(() => expect([]).toHaveNoLoss()).toThrow('the history does not say');
  expect(() => expect([]).not.toHaveNoLoss()).toThrow('the history does not say');
});
