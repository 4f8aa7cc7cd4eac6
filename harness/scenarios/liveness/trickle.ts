import { scenario } from '../scenario.ts';

export default scenario({
  id: 'liveness/trickle',
  title: 'bytes keep coming and never make a whole event',
  hypothesis: 'Bytes are not life: the watchdog that counts whole frames fires, and the stream resumes.',
  steadyState: 'One open connection with a heartbeat every 300 ms, five events processed.',
  guarantee: 'effectively-once',
  budget: { detectMs: 5000, reconnectMs: 3000, catchUpMs: 2000, attempts: { min: 2, max: 2 } },
  needs: ['connect', 'resume', 'liveness', 'heartbeat'],
  faults: ['sse-proxy/trickle'],
  server: { heartbeatMs: 300 },
  client: { livenessTimeoutMs: 1000 },
  expect: { silence: { deadlineMs: 2000, graceMs: 2000, alarm: 'required' } },
  async run(s) {
    await s.client.connects();
    await s.publish(5);
    await s.client.processed(5);
    const trickle = s.network.sse.arm({ name: 'trickle', intervalMs: 50 });
    await trickle.fired();
    await s.publish(5);
    await s.client.noticedSilence(1);
    await trickle.heal();
    await s.client.opened(2);
    await s.client.processed(10);
  },
  check(s) {
    const causes = s.client.saw('liveness').map(({ cause }) => cause);
    return causes.join() === 'trickle' ? [] : [`noticed as ${causes.join(', ')}`];
  },
});
