import { EVERY_SERVER, scenario } from '../scenario.ts';

export default scenario({
  id: 'connect/baseline',
  title: 'nothing goes wrong',
  hypothesis: 'With a healthy network every event is processed once, in order, over a single connection.',
  steadyState: 'One open connection that carries heartbeats.',
  guarantee: 'effectively-once',
  budget: { catchUpMs: 2000, duplicatesOnWire: 0, attempts: { min: 1, max: 1 } },
  tags: [EVERY_SERVER],
  needs: ['connect'],
  faults: [],
  async run(s) {
    await s.client.connects();
    await s.publish(20);
    await s.client.processed(20);
  },
});
