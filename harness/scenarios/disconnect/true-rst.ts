import { EVERY_SERVER, scenario } from '../scenario.ts';

export default scenario({
  id: 'disconnect/true-rst',
  title: 'the connection is reset in mid-stream',
  hypothesis: 'A TCP reset costs one reconnect, which resumes exactly after the last processed event.',
  steadyState: 'One open connection, ten events processed.',
  guarantee: 'effectively-once',
  budget: { detectMs: 1000, reconnectMs: 3000, catchUpMs: 2000, attempts: { min: 2, max: 2 } },
  tags: [EVERY_SERVER],
  needs: ['connect', 'resume'],
  faults: ['toxiproxy/reset_peer'],
  async run(s) {
    const reset = await s.network.armReset();
    await s.client.connects();
    await s.publish(10);
    await s.client.processed(10);
    // The reset follows the next chunk, which may reach the client or may not: both must be harmless.
    await reset.fire(() => s.publish(10));
    await s.client.opened(2);
    await s.client.processed(20);
  },
  check(s) {
    const [, resume, ...more] = s.seen('request');
    if (!resume) return ['there was no reconnect'];
    return [
      ...(resume.lastEventId ? [] : ['the reconnect carried no Last-Event-ID']),
      ...(more.length > 0 ? [`${more.length} more reconnects than one`] : []),
    ];
  },
});
