import { scenario } from '../scenario.ts';

export default scenario({
  id: 'dedupe/duplicate',
  title: 'events arrive twice',
  hypothesis: 'A repetition on the wire is recognised and counted, and the handler sees each event once.',
  steadyState: 'One open connection.',
  guarantee: 'effectively-once',
  budget: { catchUpMs: 2000, attempts: { min: 1, max: 1 } },
  needs: ['connect', 'dedupe'],
  faults: ['sse-proxy/duplicate'],
  async run(s) {
    await s.client.connects();
    const duplicate = s.network.sse.arm({ name: 'duplicate', times: 3 });
    await s.publish(10);
    await duplicate.fired();
    await s.client.processed(10);
  },
  check(s) {
    const recognised = s.seen('deduped').length;
    return recognised === 3 ? [] : [`${recognised} of 3 repetitions were recognised`];
  },
});
