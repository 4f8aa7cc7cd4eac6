import { scenario } from '../scenario.ts';

const CUTS = 5;
/** A tenth of the base of 100 ms: the least that the client's own jitter gives. */
const LEAST_MS = 10;

export default scenario({
  id: 'overload/retry-0',
  title: 'the server sends `retry: 0`, then connections are cut',
  hypothesis: 'A server cannot talk a client into a hot loop: its own backoff stays the least.',
  steadyState: 'One open connection, one event processed.',
  guarantee: 'effectively-once',
  budget: { attempts: { min: CUTS + 1, max: CUTS + 3 }, requestsPerSecond: 12 },
  needs: ['connect', 'resume', 'replay', 'backoff'],
  faults: Array.from({ length: CUTS }, () => ['sse-proxy/retry', 'sse-proxy/cut']).flat(),
  server: { retryMs: 0 },
  async run(s) {
    await s.client.connects();
    for (let n = 1; n <= CUTS; n++) {
      const hostile = s.network.sse.arm({ name: 'retry', value: 0 });
      await s.publish(1);
      await hostile.fired();
      await s.client.processed(n);
      const cut = s.network.sse.arm({ name: 'cut' });
      await cut.fired();
      await s.client.opened(n + 1);
    }
  },
  check: (s) =>
    s
      .seen('retry')
      .filter(({ delayMs }) => delayMs < LEAST_MS)
      .map(({ delayMs }) => `came back after ${delayMs.toFixed(1)} ms, at least ${LEAST_MS} expected`),
});
