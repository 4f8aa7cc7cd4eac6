import { scenario } from '../scenario.ts';

export default scenario({
  id: 'proxy/lifetime-cut',
  title: 'a proxy ends every response after a total time',
  hypothesis:
    'Heartbeats do not help against a cap on the whole response; resuming does: no loss, no repetition.',
  steadyState: 'One open connection, which is cut each second.',
  guarantee: 'effectively-once',
  budget: { duplicatesOnWire: 0, attempts: { min: 3, max: 20 }, catchUpMs: 2000 },
  needs: ['connect', 'resume', 'replay'],
  faults: ['sse-proxy/lifetime-cut'],
  async run(s) {
    const cut = s.network.sse.arm({ name: 'lifetime-cut', ms: 1000 });
    await s.client.connects();
    for (let life = 2; life <= 4; life++) {
      await s.publish(5);
      await s.client.opened(life);
    }
    await cut.fired();
    await cut.heal();
    await s.publish(5);
    await s.client.processed(20);
  },
});
