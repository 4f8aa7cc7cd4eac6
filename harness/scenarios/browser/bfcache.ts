import { scenario } from '../scenario.ts';

export default scenario({
  id: 'browser/bfcache',
  title: 'the page goes into the back/forward cache and comes back',
  hypothesis:
    'The page lets its connection go when it is left, so that it may be kept, and comes back with one connection and all that was published meanwhile.',
  steadyState: 'One open connection, five events processed.',
  guarantee: 'effectively-once',
  budget: { catchUpMs: 2000, duplicatesOnWire: 0, attempts: { min: 2, max: 2 } },
  needs: ['connect', 'resume', 'replay', 'page-cache'],
  faults: ['life/page-cache'],
  async run(s) {
    await s.client.connects();
    await s.publish(5);
    await s.client.processed(5);
    const away = await s.client.goesAway();
    await s.publish(5);
    await away.heal();
    await s.client.processed(10);
  },
});
