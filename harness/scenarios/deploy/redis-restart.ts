import { scenario } from '../scenario.ts';

export default scenario({
  id: 'deploy/redis-restart',
  title: 'Redis is killed and comes back',
  hypothesis:
    'While the shared log is away publishers wait or get an error, never a false acknowledgement; then the stream goes on where it was.',
  steadyState: 'One open connection, ten events processed; every write of Redis is synced.',
  guarantee: 'effectively-once',
  budget: { healMs: 8000, catchUpMs: 5000 },
  needs: ['connect', 'resume', 'replay', 'process', 'redis-server'],
  faults: ['process/sigkill-redis'],
  server: { log: 'redis' },
  async run(s) {
    await s.client.connects();
    await s.publish(10);
    await s.client.processed(10);
    const { acknowledged, failed } = await s.site.publishWhile(async () => {
      const outage = await s.site.killRedis();
      await s.client.hearsHeartbeats(1);
      await outage.heal();
      const sofar = s.seen('produced').length;
      await s.until('publishing goes on', () => s.seen('produced').length > sofar + 5);
    });
    await s.publish(10);
    await s.client.processed(20 + acknowledged);
    s.note(`${acknowledged} acknowledged, ${failed} failed around the restart`);
  },
  check: (s) => {
    const epochs = new Set(s.seen('produced').map(({ id }) => id.split('.')[0]));
    return epochs.size === 1 ? [] : [`synced writes survived, and yet there were ${epochs.size} epochs`];
  },
});
