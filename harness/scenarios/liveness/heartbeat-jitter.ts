import { scenario } from '../scenario.ts';

export default scenario({
  id: 'liveness/heartbeat-jitter',
  title: 'heartbeats come late, each by a different time',
  hypothesis: 'The deadline learned from the server leaves room for a network that jitters: no false alarm.',
  steadyState: 'One open connection with a heartbeat every 300 ms, and no deadline set by hand.',
  guarantee: 'effectively-once',
  budget: { duplicatesOnWire: 0, attempts: { min: 1, max: 1 } },
  needs: ['connect', 'liveness', 'heartbeat'],
  faults: ['toxiproxy/latency'],
  server: { heartbeatMs: 300 },
  // The promise of 300 ms, a grace of 1 s for the network, and what the toxic itself may add.
  expect: { silence: { deadlineMs: 2000, alarm: 'none' } },
  async run(s) {
    await s.client.connects();
    await s.publish(3);
    await s.client.processed(3);
    const latency = await s.network.latency(300, 250);
    for (let n = 4; n <= 11; n++) {
      // One by one, so that each is a chunk with a delay of its own.
      await s.publish(1);
      await s.client.processed(n);
    }
    await s.client.hearsHeartbeats(8);
    await latency.heal();
  },
});
