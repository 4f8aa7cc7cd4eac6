import { scenario } from '../scenario.ts';

export default scenario({
  id: 'deploy/rolling-two-nodes',
  title: 'two nodes on one Redis log are replaced one by one',
  hypothesis: 'A cursor from one node is good on the other, so a rolling deploy is nothing but a reconnect.',
  steadyState: 'Two nodes behind one address, three clients, publications at both nodes in turn.',
  guarantee: 'effectively-once',
  budget: { healMs: 5000, catchUpMs: 3000 },
  needs: ['connect', 'resume', 'replay', 'process', 'redis-server'],
  faults: ['process/sigterm', 'process/sigterm'],
  server: { log: 'redis', nodes: 2, drainMs: 500, limits: { acceptPerSecond: 50 } },
  async run(s) {
    await s.client.connects();
    const others = await s.site.crowd(2);
    await others.opened(1);
    await s.publish(10);
    const { acknowledged } = await s.site.publishWhile(async () => {
      await s.site.replaceNode(0);
      await s.site.replaceNode(1);
    });
    s.note(`${acknowledged} publications while the nodes were replaced`);
    await s.publish(10);
    await others.processed(20 + acknowledged);
  },
  check: (s) => {
    const epochs = new Set(s.seen('produced').map(({ id }) => id.split('.')[0]));
    const moved = s.seen('open').filter(({ resume }) => resume === 'ok').length;
    return [
      ...(epochs.size === 1 ? [] : [`the log went through ${epochs.size} epochs`]),
      ...(moved >= 3 ? [] : [`only ${moved} resumes by three clients: nobody was moved`]),
    ];
  },
});
