import { EVERY_SERVER, scenario } from '../scenario.ts';

export default scenario({
  id: 'order/jitter',
  title: 'every chunk is late by a different time',
  hypothesis: 'Varying delay changes when events arrive and nothing else.',
  steadyState: 'One open connection.',
  guarantee: 'effectively-once',
  budget: { duplicatesOnWire: 0, attempts: { min: 1, max: 1 } },
  tags: [EVERY_SERVER],
  needs: ['connect'],
  faults: ['toxiproxy/latency'],
  async run(s) {
    await s.client.connects();
    const latency = await s.network.latency(200, 200);
    for (let burst = 1; burst <= 10; burst++) {
      await s.publish(3);
      // Each burst arrives before the next leaves, so that each is a chunk with a delay of its own.
      await s.client.processed(3 * burst);
    }
    await latency.heal();
  },
});
