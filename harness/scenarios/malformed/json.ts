import { scenario } from '../scenario.ts';

export default scenario({
  id: 'malformed/json',
  title: 'a broken envelope between good ones',
  hypothesis: 'An event that cannot be read is reported with its content; those around it are unharmed.',
  steadyState: 'One open connection.',
  guarantee: 'effectively-once',
  budget: { catchUpMs: 2000, attempts: { min: 1, max: 1 } },
  needs: ['connect'],
  faults: ['sse-proxy/malformed-json'],
  async run(s) {
    await s.client.connects();
    const broken = s.network.sse.arm({ name: 'malformed-json', times: 2 });
    await s.publish(6);
    await broken.fired();
    await s.client.processed(6);
  },
  check(s) {
    const reported = s.client.saw('dead-letter').length;
    return reported === 2 ? [] : [`${reported} of 2 broken events were reported`];
  },
});
