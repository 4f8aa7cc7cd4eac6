import { scenario } from '../scenario.ts';

export default scenario({
  id: 'deploy/sigkill-durable',
  title: 'the server is killed while it publishes, its log is on disk',
  hypothesis:
    'Whatever was acknowledged before kill -9 is delivered after the restart, under the same epoch.',
  steadyState: 'One open connection; publications follow each other without a pause.',
  guarantee: 'effectively-once',
  budget: { detectMs: 2000, healMs: 5000, catchUpMs: 3000 },
  needs: ['connect', 'resume', 'replay', 'kill'],
  faults: ['process/sigkill'],
  server: { log: 'durable' },
  async run(s) {
    await s.client.connects();
    const { failed } = await s.site.publishWhile(async () => {
      await s.client.processed(20 + Math.floor(50 * s.random()));
      await s.server.kill();
    });
    s.note(`${failed} publications were not acknowledged`);
    await s.client.closed(1);
    await s.server.restart();
    await s.client.opened(2);
    await s.publish(10);
  },
  check: (s) => {
    const epochs = new Set(s.seen('produced').map(({ id }) => id.split('.')[0]));
    return epochs.size === 1 ? [] : [`the log went through ${epochs.size} epochs`];
  },
});
