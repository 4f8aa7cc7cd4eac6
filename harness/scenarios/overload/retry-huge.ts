import { scenario } from '../scenario.ts';

/** The longest delay of the client's own backoff (`retry.maxMs`): a server's `retry:` cannot stretch it (PROTOCOL.md 6). */
const CAP_MS = 1000;

export default scenario({
  id: 'overload/retry-huge',
  title: 'the server sends `retry: 3000000000` and `retry: 5x`',
  hypothesis:
    'More than a timer holds would fire at once; it is clamped to the longest delay of the backoff. What is not a number is ignored, and a person can still reconnect at once.',
  steadyState: 'One open connection, two events processed.',
  guarantee: 'effectively-once',
  budget: { attempts: { min: 2, max: 3 } },
  needs: ['connect', 'resume', 'replay', 'backoff', 'reconnect'],
  faults: ['sse-proxy/retry', 'sse-proxy/retry', 'sse-proxy/cut'],
  client: { retryMaxMs: CAP_MS },
  async run(s) {
    await s.client.connects();
    for (const value of [3_000_000_000, '5x']) {
      const hostile = s.network.sse.arm({ name: 'retry', value });
      await s.publish(1);
      await hostile.fired();
    }
    await s.client.processed(2);
    const cut = s.network.sse.arm({ name: 'cut' });
    await cut.fired();
    await s.client.retried(1);
    await s.client.reconnects();
    await s.client.opened(2);
    await s.publish(1);
    await s.client.processed(3);
  },
  check: (s) => {
    const [retry] = s.seen('retry');
    const delayMs = Math.round(retry?.delayMs ?? 0);
    if (delayMs >= CAP_MS && delayMs <= 1.25 * CAP_MS) return [];
    return [`waited ${delayMs} ms, expected ${CAP_MS} and up to a quarter more`];
  },
});
