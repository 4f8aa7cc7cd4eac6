import { afterEvent } from '../../sse-proxy/triggers.ts';
import { scenario } from '../scenario.ts';

export default scenario({
  id: 'dedupe/overlap-replay',
  title: 'a replay goes back further than it was asked to',
  hypothesis: 'Events that an imprecise replay repeats are recognised one by one; each is handled once.',
  steadyState: 'One open connection.',
  guarantee: 'effectively-once',
  budget: { catchUpMs: 2000, duplicatesOnWire: 5, attempts: { min: 1, max: 1 } },
  needs: ['connect', 'dedupe'],
  faults: ['sse-proxy/rewind'],
  async run(s) {
    await s.client.connects();
    const rewind = s.network.sse.arm({ name: 'rewind', events: 5, trigger: afterEvent(8) });
    await s.publish(12);
    await rewind.fired();
    await s.client.processed(12);
    await s.client.recognised(5);
  },
  check(s) {
    const repeated = s.client.saw('deduped').map(({ id }) => id);
    const expected = s
      .seen('produced')
      .map(({ id }) => id)
      .slice(3, 8);
    return repeated.join() === expected.join()
      ? []
      : [`recognised ${repeated.join()}, not ${expected.join()}`];
  },
});
