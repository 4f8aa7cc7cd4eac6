import { EVERY_SERVER, scenario } from '../scenario.ts';

export default scenario({
  id: 'liveness/short-stall',
  title: 'the network pauses for less than the deadline',
  hypothesis: 'A short pause is no reason to reconnect: events come late, over the same connection.',
  steadyState: 'One open connection with a heartbeat every 300 ms and a deadline of 8 s.',
  guarantee: 'effectively-once',
  budget: { duplicatesOnWire: 0, attempts: { min: 1, max: 1 } },
  tags: [EVERY_SERVER],
  needs: ['connect', 'heartbeat'],
  faults: ['toxiproxy/bandwidth'],
  server: { heartbeatMs: 300 },
  client: { livenessTimeoutMs: 8000 },
  expect: { silence: { deadlineMs: 8000, alarm: 'none' } },
  async run(s) {
    await s.client.connects();
    await s.publish(5);
    await s.client.processed(5);
    const stall = await s.network.stall();
    await s.publish(5);
    await s.network.holdsBack(8); // five events at most, then heartbeats
    await stall.heal();
    await s.client.processed(10);
  },
});
