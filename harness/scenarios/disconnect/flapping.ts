import { scenario } from '../scenario.ts';

const TIMES = 10;

export default scenario({
  id: 'disconnect/flapping',
  title: 'the network goes down and up, again and again',
  hypothesis: 'Each outage costs a few attempts and none costs an event.',
  steadyState: 'One open connection; it is cut and refused ten times.',
  guarantee: 'effectively-once',
  budget: {
    detectMs: 1000,
    healMs: 2000,
    catchUpMs: 2000,
    duplicatesOnWire: 0,
    attempts: { min: TIMES + 1, max: 4 * TIMES },
  },
  needs: ['connect', 'resume', 'backoff'],
  faults: Array.from({ length: TIMES }, () => 'toxiproxy/down'),
  client: { retryBaseMs: 50, retryMaxMs: 400 },
  async run(s) {
    await s.client.connects();
    for (let time = 1; time <= TIMES; time++) {
      const outage = await s.network.down();
      await s.publish(3);
      await outage.heal();
      await s.client.opened(time + 1);
      await s.client.processed(3 * time);
    }
  },
});
