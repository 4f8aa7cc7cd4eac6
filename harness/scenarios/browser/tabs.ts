import { scenario } from '../scenario.ts';

export default scenario({
  id: 'browser/tabs',
  title: 'three tabs on one connection; the tab that has it is closed in mid-stream',
  hypothesis:
    'Another tab takes over and goes on from the one furthest behind: none misses or repeats an event.',
  steadyState: 'Three tabs, one connection, ten events processed by each.',
  guarantee: 'effectively-once',
  budget: { catchUpMs: 5000 },
  needs: ['connect', 'resume', 'tabs'],
  faults: ['browser/tab-closed'],
  // Seldom, so that a busy machine is not taken for a dead server.
  server: { heartbeatMs: 5000 },
  client: { shared: true },
  // The tab that was closed sees none; for those that stay the run waits.
  expect: { sentinel: false },
  async run(s) {
    const leader = s.companion();
    await leader.connects(); // the first tab has the connection
    const others = [s.client, s.companion()];
    for (const tab of others) await tab.connects();
    await s.publish(10);
    for (const tab of [leader, ...others]) await tab.processed(10);

    const closed = s.planned('browser/tab-closed');
    closed.armed();
    // What is published while the tab closes reaches the others through it at first, and then no more.
    const leaving = leader.leaves();
    for (let batch = 0; batch < 10; batch++) await s.publish(10);
    await leaving;
    await s.until('another tab connects', () => s.seen('request').length > 1);
    closed.fired({ requests: s.seen('request').length });
    closed.healed();
    for (const tab of others) await tab.processed(110);
  },
  check(s) {
    const requests = s.seen('request').length;
    const repeated = s.seen('deduped').length;
    return [
      ...(requests === 2 ? [] : [`${requests} requests for three tabs and one handover`]),
      ...(repeated === 0 ? [] : [`${repeated} events came to a tab again`]),
    ];
  },
});
