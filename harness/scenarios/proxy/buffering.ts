import type { Stage } from '../../runner/stage.ts';
import { scenario } from '../scenario.ts';

/**
 * What the client calls it. Where `fetch` shows a head before the first byte of the body, that byte is missed;
 * Firefox's does not (see `browser-facts/head-alone`), so that its client can only say that nobody answers.
 */
const causeFor = ({ client }: Stage) => (client.can('early-head') ? 'slow-first-byte' : 'connect-timeout');
/** Why it gave up connections and attempts. */
const causes = ({ client }: Stage) =>
  [...client.saw('liveness'), ...client.saw('close')].map(({ cause }) => cause);

export default scenario({
  id: 'proxy/buffering',
  title: 'a proxy holds responses back until 8 KiB are full',
  hypothesis:
    'A response that is held back is noticed by a deadline that names the cause: the first byte is late, or where a browser shows no head without it, nobody answers. Nothing is lost.',
  steadyState: 'One open connection, five events processed.',
  guarantee: 'effectively-once',
  budget: { healMs: 5000, catchUpMs: 3000 },
  needs: ['connect', 'resume', 'replay', 'liveness'],
  faults: ['sse-proxy/buffering', 'sse-proxy/cut'],
  client: { livenessTimeoutMs: 1500, connectTimeoutMs: 3000 },
  expect: { silence: { deadlineMs: 1500, graceMs: 2000 } },
  async run(s) {
    await s.client.connects();
    await s.publish(5);
    await s.client.processed(5);
    // On the next connection, so that it is one that never got a byte.
    const buffer = s.network.sse.arm({ name: 'buffering', bytes: 8192, head: false, on: { nth: [1, 2] } });
    const cut = s.network.sse.arm({ name: 'cut' });
    await cut.fired();
    const cause = causeFor(s);
    await s.until(`the client says ${cause}`, () => causes(s).includes(cause));
    await buffer.fired();
    await buffer.heal();
    await s.publish(5);
    await s.client.processed(10);
  },
  check: (s) => (causes(s).includes(causeFor(s)) ? [] : [`the causes were given as ${causes(s).join(', ')}`]),
});
