import { scenario } from '../scenario.ts';

export default scenario({
  id: 'liveness/heartbeats-only',
  title: 'heartbeats arrive, events do not',
  hypothesis:
    'A connection that is alive and useless is told apart by the position in its heartbeats, by that name, and replaced.',
  steadyState: 'One open connection, five events processed, a heartbeat every second.',
  guarantee: 'effectively-once',
  budget: { detectMs: 4000, reconnectMs: 3000, catchUpMs: 2000, attempts: { min: 2, max: 2 } },
  needs: ['connect', 'resume', 'liveness', 'heartbeat'],
  faults: ['sse-proxy/heartbeats-only'],
  expect: { silence: { deadlineMs: 3000, alarm: 'required' } },
  async run(s) {
    await s.client.connects();
    await s.publish(5);
    await s.client.processed(5);
    // From here on no event comes between two heartbeats: that is what tells this fault from a lost tail.
    await s.client.hearsHeartbeats(1);
    // Not on the next one, too: what a stream that is never idle sends there would have another hole.
    const deaf = s.network.sse.arm({ name: 'heartbeats-only', on: { nth: 1 } });
    await s.publish(5);
    await deaf.fired();
    await s.client.noticedSilence(1);
    await deaf.heal();
    await s.client.opened(2);
    await s.client.processed(10);
  },
  check(s) {
    const causes = s.client.saw('liveness').map(({ cause }) => cause);
    return causes.join() === 'silent-but-heartbeating' ? [] : [`noticed as ${causes.join(', ')}`];
  },
});
