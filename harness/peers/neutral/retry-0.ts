import { setTimeout as delay } from 'node:timers/promises';
import { scenario } from '../../scenarios/scenario.ts';
import { afterHead } from '../../sse-proxy/triggers.ts';

/** How long the rate of requests is watched; a rate cannot be measured without time. */
const WATCHED_MS = 2000;

/** Less than this between an end and the next request is no pause: what 20 requests in a second leave. */
const FLOOR_MS = 50;

export default scenario({
  id: 'overload/retry-0',
  title: 'the server says `retry: 0`, then every connection ends at once',
  hypothesis: 'No input makes a client reconnect in a hot loop: at most 20 requests in any second.',
  steadyState: 'One open connection, five events processed.',
  guarantee: 'effectively-once',
  budget: {},
  needs: ['connect', 'resume'],
  faults: ['sse-proxy/retry', 'sse-proxy/cut'],
  server: { heartbeatMs: 300 },
  async run(s) {
    await s.client.connects();
    await s.publish(5);
    await s.client.processed(5);
    const hostile = s.network.sse.arm({ name: 'retry', value: 0 });
    await hostile.fired();
    await s.network.passes(1);
    const ends = s.network.sse.arm({ name: 'cut', how: 'clean', trigger: afterHead(), times: 'always' });
    await ends.fired();
    await delay(WATCHED_MS);
    await ends.heal();
    await s.publish(5);
    await s.client.processed(10);
  },
  check(s) {
    // The rate alone would acquit every client on a machine that is too busy for a hot loop.
    const requests = s.seen('request').map(({ at }) => at);
    const pauses = s.seen('fault').flatMap(({ fault, phase, at }) => {
      const next = requests.find((time) => time > at);
      return fault.startsWith('sse-proxy/cut') && phase === 'fired' && next ? [next - at] : [];
    });
    const shortest = Math.min(...pauses);
    return shortest >= FLOOR_MS ? [] : [`came back ${Math.round(shortest)} ms after an end: no floor`];
  },
});
