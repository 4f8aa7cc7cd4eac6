import { scenario } from '../scenario.ts';

export default scenario({
  id: 'resume/id-only-checkpoint',
  title: 'an `id:` without data, then a cut',
  hypothesis:
    'WHATWG moves the cursor, Chromium does so and Firefox does not (browser-facts/id-only). The kit moves it, too, but past nothing that is missing: a checkpoint ahead of the events leaves it on the last one that was handled, and nothing is skipped.',
  steadyState: 'One open connection, five events processed.',
  guarantee: 'effectively-once',
  budget: {
    reconnectMs: 3000,
    catchUpMs: 2000,
    duplicatesOnWire: 0,
    attempts: { min: 2, max: 2 },
  },
  needs: ['connect', 'resume'],
  faults: ['sse-proxy/insert', 'sse-proxy/cut'],
  server: { heartbeatMs: 300 },
  async run(s) {
    await s.client.connects();
    await s.publish(5);
    await s.client.processed(5);
    const epoch = s.seen('produced')[0]?.id.split('.')[0];
    // A checkpoint ahead of everything published: a client that takes it skips the next five.
    const checkpoint = s.network.sse.arm({ name: 'insert', bytes: `id: ${epoch}.10\n\n` });
    await checkpoint.fired();
    await s.client.hearsHeartbeats(1);
    await s.network.whileNobodyReconnects(async () => {
      const cut = s.network.sse.arm({ name: 'cut' });
      await cut.fired();
      await s.publish(5);
    });
    await s.client.opened(2);
    await s.client.processed(10);
  },
  check(s) {
    const fifth = s.seen('produced')[4]?.id;
    const asked = s.seen('request')[1]?.lastEventId;
    return asked === fifth ? [] : [`resumed from ${asked}, the last event that was handled is ${fifth}`];
  },
});
