import { EVERY_SERVER, scenario } from '../scenario.ts';

export default scenario({
  id: 'disconnect/before-first-event',
  title: 'the connection ends before the first event',
  hypothesis:
    'The subscription point counts from the first frame: what is published while away is not missed.',
  steadyState: 'The client has a response with `stream.open` and nothing else.',
  guarantee: 'effectively-once',
  budget: { detectMs: 1000, reconnectMs: 5000, catchUpMs: 2000, attempts: { min: 2, max: 2 } },
  tags: [EVERY_SERVER],
  needs: ['connect', 'resume'],
  faults: ['sse-proxy/cut'],
  async run(s) {
    await s.network.whileNobodyReconnects(async () => {
      await s.client.start();
      // The frame has to be read before the cut: Chromium drops what it has not read when a response breaks off.
      await s.client.opened(1);
      const cut = s.network.sse.arm({ name: 'cut' });
      await cut.fired();
      await s.publish(5);
    });
    await s.client.opened(2);
    await s.client.processed(5);
  },
});
