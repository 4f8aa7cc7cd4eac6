import { EVERY_SERVER, scenario } from '../scenario.ts';

export default scenario({
  id: 'resume/inside-buffer',
  title: 'events are published while the client is away',
  hypothesis: 'The log still has what was missed: it is replayed once, without gap and without overlap.',
  steadyState: 'One open connection, ten events processed.',
  guarantee: 'effectively-once',
  budget: {
    detectMs: 1000,
    healMs: 3000,
    catchUpMs: 2000,
    resumeOverlap: 0,
    resumeGap: 0,
    duplicatesOnWire: 0,
    holesOnWire: 0,
  },
  tags: [EVERY_SERVER],
  needs: ['connect', 'resume', 'replay'],
  faults: ['toxiproxy/down'],
  async run(s) {
    await s.client.connects();
    await s.publish(10);
    await s.client.processed(10);
    const outage = await s.network.down();
    await s.publish(20);
    await outage.heal();
    await s.client.processed(30);
  },
});
