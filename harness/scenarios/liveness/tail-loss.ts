import { scenario } from '../scenario.ts';

export default scenario({
  id: 'liveness/tail-loss',
  title: 'the last events before a quiet time are lost',
  hypothesis:
    'No later event shows the hole, but the next heartbeat names a position that was never reached: it is fetched.',
  steadyState: 'One open connection, five events processed, a heartbeat every second.',
  guarantee: 'effectively-once',
  budget: { detectMs: 4000, reconnectMs: 3000, catchUpMs: 2000, attempts: { min: 2, max: 2 } },
  needs: ['connect', 'resume', 'liveness', 'heartbeat'],
  faults: ['sse-proxy/tail-loss'],
  expect: { silence: { deadlineMs: 3000, alarm: 'required' } },
  async run(s) {
    await s.client.connects();
    await s.publish(5);
    await s.client.processed(5);
    const loss = s.network.sse.arm({ name: 'tail-loss', events: 2, idleMs: 100 });
    // Right after a heartbeat, so that the next one comes when the two are lost and not when they are held.
    await s.client.hearsHeartbeats(1);
    await s.publish(5);
    await loss.fired();
    await s.client.noticedSilence(1);
    await loss.heal();
    await s.client.opened(2);
    await s.client.processed(10);
  },
  check(s) {
    const causes = s.client.saw('liveness').map(({ cause }) => cause);
    const asked = s.seen('request')[1]?.lastEventId;
    const eighth = s.seen('produced')[7]?.id;
    return [
      ...(causes.join() === 'tail-loss' ? [] : [`noticed as ${causes.join(', ')}`]),
      ...(asked === eighth ? [] : [`asked for what follows ${asked}, the last event that came is ${eighth}`]),
    ];
  },
});
