import { scenario } from '../scenario.ts';

export default scenario({
  id: 'resume/reload-page',
  title: 'the page is loaded again',
  hypothesis:
    "The cursor in the page's storage names the last event that was handled: nothing is handled again, and what was published while the page was gone is there.",
  steadyState: 'One open connection, five events processed.',
  guarantee: 'effectively-once',
  budget: {
    catchUpMs: 5000,
    duplicatesOnWire: 0,
    resumeOverlap: 0,
    resumeGap: 0,
    attempts: { min: 2, max: 2 },
  },
  needs: ['connect', 'resume', 'replay', 'reload', 'store'],
  faults: ['life/reload'],
  // Firefox breaks the response off before it unloads the page: a page that takes its time to leave must not ask again.
  server: { retryMs: 10_000 },
  client: { retryMaxMs: 30_000 },
  async run(s) {
    await s.client.start({ remembers: true });
    await s.client.opened(1);
    await s.publish(5);
    await s.client.processed(5);
    await s.network.whileNobodyReconnects(async () => {
      await s.client.reloads();
      await s.publish(5);
    });
    await s.client.opened(2);
    await s.client.processed(10);
  },
});
