// examples/your-own-app/stream.spec.ts
import { expect, test } from 'sse-reliability-kit/playwright';

const APP = process.env.APP_URL ?? 'http://localhost:3000';

test.use({ sseTarget: `${APP}/events` }); // the stream that your page subscribes to

test('the page misses nothing when the network goes away', async ({ page, chaos, recorder }) => {
  await page.goto(chaos.through(`${APP}/`)); // your page, through a network that can be broken
  await recorder.processed(3);

  const outage = await chaos.down();
  await outage.heal();
  await recorder.opened(2); // the page is back
  await recorder.processed(30); // and has gone on
  await chaos.settle(); // until it has caught up, or for 15 s: the matchers say what is missing

  expect(recorder).toHaveNoLoss();
  expect(recorder).toBeProcessedOnce();
  expect(recorder).toBeInOrder();
  expect(recorder).toRecoverWithin(10_000);
});
