import { scenario } from '../scenario.ts';

export default scenario({
  id: 'browser/freeze',
  title: 'the page is frozen for two seconds',
  hypothesis:
    'What came while the page stood still is handled afterwards, in order, over the same connection.',
  steadyState: 'One open connection with a heartbeat every 300 ms, five events processed.',
  guarantee: 'effectively-once',
  budget: { duplicatesOnWire: 0, attempts: { min: 1, max: 1 } },
  needs: ['connect', 'heartbeat', 'sleep'],
  faults: ['life/sleep'],
  server: { heartbeatMs: 300 },
  expect: { silence: { deadlineMs: 2000, alarm: 'none' } },
  async run(s) {
    await s.client.connects();
    await s.publish(5);
    await s.client.processed(5);
    const freeze = await s.client.sleeps();
    await s.publish(20);
    await s.network.passes(7); // two seconds' worth of heartbeats
    await freeze.heal();
    await s.client.processed(25);
  },
});
