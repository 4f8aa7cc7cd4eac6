import { scenario } from '../scenario.ts';

export default scenario({
  id: 'proxy/buffering',
  title: 'a proxy holds responses back until 8 KiB are full',
  hypothesis:
    'A head without a first frame is noticed by the first-byte deadline, which names the cause; nothing is lost.',
  steadyState: 'One open connection, five events processed.',
  guarantee: 'effectively-once',
  budget: { healMs: 5000, catchUpMs: 3000 },
  needs: ['connect', 'resume', 'replay', 'liveness', 'early-head'],
  faults: ['sse-proxy/buffering', 'sse-proxy/cut'],
  client: { livenessTimeoutMs: 1500 },
  expect: { silence: { deadlineMs: 1500, graceMs: 2000, alarm: 'required' } },
  async run(s) {
    await s.client.connects();
    await s.publish(5);
    await s.client.processed(5);
    // On the next connection, so that it is one that never got a byte.
    const buffer = s.network.sse.arm({ name: 'buffering', bytes: 8192, head: false, on: { nth: [1, 2] } });
    const cut = s.network.sse.arm({ name: 'cut' });
    await cut.fired();
    await s.client.noticedSilence(1);
    await buffer.fired();
    await buffer.heal();
    await s.publish(5);
    await s.client.processed(10);
  },
  check: (s) => {
    const causes = s.seen('liveness').map(({ cause }) => cause);
    return causes.includes('slow-first-byte') ? [] : [`the cause was given as ${causes.join(', ')}`];
  },
});
