import { scenario } from '../../scenarios/scenario.ts';

export default scenario({
  id: 'connect/accept-then-close',
  title: 'a proxy without its upstream accepts and closes',
  hypothesis: 'A connection that is accepted and closed is tried again, without a hot loop.',
  steadyState: 'The client has not connected before.',
  guarantee: 'effectively-once',
  budget: {},
  needs: ['connect'],
  faults: ['sse-proxy/accept-then-close'],
  async run(s) {
    const dead = s.network.sse.arm({ name: 'accept-then-close' });
    await s.client.start();
    // Each request is one failure; not every client says so.
    await s.until('the client has failed twice', () => {
      return s.seen('request').length >= 2 || s.client.saw('close').some(({ final }) => final);
    });
    await dead.heal();
    await s.client.opened(1);
    await s.publish(5);
    await s.client.processed(5);
  },
});
