import { EVERY_SERVER, scenario } from '../scenario.ts';

export default scenario({
  id: 'liveness/half-open',
  title: 'the connection dies and nobody says so',
  hypothesis:
    'Silence is noticed within the deadline that the heartbeats promise, and the stream resumes elsewhere.',
  steadyState: 'One open connection with a heartbeat every 500 ms.',
  guarantee: 'effectively-once',
  budget: { detectMs: 4000, healMs: 3000, catchUpMs: 2000 },
  tags: [EVERY_SERVER],
  needs: ['connect', 'resume', 'liveness', 'heartbeat'],
  faults: ['toxiproxy/timeout'],
  server: { heartbeatMs: 500 },
  expect: { silence: { deadlineMs: 2000, graceMs: 2000, alarm: 'required' } },
  client: { livenessTimeoutMs: 2000 },
  async run(s) {
    await s.client.connects();
    await s.publish(5);
    await s.client.processed(5);
    await s.client.hearsHeartbeats(1);
    const blackhole = await s.network.blackhole();
    await s.publish(5);
    await s.client.noticedSilence(1);
    // What is given up is closed, and not left to the network, which would keep it for ever.
    await s.client.hangsUp(1);
    await blackhole.heal();
    await s.client.opened(2);
    await s.client.processed(10);
  },
});
