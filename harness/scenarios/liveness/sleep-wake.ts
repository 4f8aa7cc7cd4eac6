import { scenario } from '../scenario.ts';

export default scenario({
  id: 'liveness/sleep-wake',
  title: 'the client sleeps, and wakes to a connection that died meanwhile',
  hypothesis:
    'A late timer is recognised as sleep: one look at the connection instead of an alarm at once, then one reconnect and no storm.',
  steadyState:
    'One open connection with a heartbeat every 300 ms and a deadline of 1 s, five events processed.',
  guarantee: 'effectively-once',
  budget: { reconnectMs: 3000, catchUpMs: 2000, attempts: { min: 2, max: 2 } },
  needs: ['connect', 'resume', 'liveness', 'heartbeat', 'sleep'],
  faults: ['life/sleep', 'toxiproxy/timeout'],
  server: { heartbeatMs: 300 },
  client: { livenessTimeoutMs: 1000 },
  async run(s) {
    await s.client.connects();
    await s.publish(5);
    await s.client.processed(5);
    const sleep = await s.client.sleeps();
    const blackhole = await s.network.blackhole();
    await s.publish(5);
    // Longer than the slack of 5 s that a timer is given before its lateness counts as sleep, and than the deadline.
    await s.network.passes(25);
    await sleep.heal();
    await s.client.noticedSilence(1);
    await blackhole.heal();
    await s.client.opened(2);
    await s.client.processed(10);
  },
  check(s) {
    const causes = s.client.saw('liveness').map(({ cause }) => cause);
    return causes.join() === 'sleep' ? [] : [`noticed as ${causes.join(', ')}`];
  },
});
