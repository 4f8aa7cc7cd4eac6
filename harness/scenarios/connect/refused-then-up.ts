import { EVERY_SERVER, scenario } from '../scenario.ts';

export default scenario({
  id: 'connect/refused-then-up',
  title: 'the server is not there yet',
  hypothesis:
    'A client that is refused keeps trying with backoff and is connected soon after the server is there.',
  steadyState: 'Nothing listens; the client has not connected before.',
  guarantee: 'effectively-once',
  budget: { healMs: 3000, duplicatesOnWire: 0, attempts: { min: 4, max: 10 } },
  tags: [EVERY_SERVER],
  needs: ['connect', 'backoff'],
  faults: ['toxiproxy/down'],
  client: { retryBaseMs: 100, retryMaxMs: 1000 },
  async run(s) {
    const outage = await s.network.down();
    await s.client.start();
    await s.client.retried(4);
    await outage.heal();
    await s.client.opened(1);
    await s.publish(10);
    await s.client.processed(10);
  },
});
