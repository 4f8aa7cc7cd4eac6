import { scenario } from '../scenario.ts';

/** 1,600 events of 64 KB: 100 MB. */
const EVENT = 'x'.repeat(64_000);
const BATCH = 20;
const BATCHES = 80;
const MIB = 2 ** 20;

export default scenario({
  id: 'overload/slow-consumer',
  title: 'one reader takes 1 KB a second while 100 MB are published',
  hypothesis:
    'A connection has a cursor and no queue: the server holds its log and not the backlog of a reader. What fell off the log is announced with the count.',
  steadyState: 'One open connection, 40 events of 64 KB processed; the log keeps 50.',
  guarantee: 'announced-loss',
  // A queue for the reader would hold 100 MB.
  budget: { memory: { 'server.rss': { maxGrowthBytes: 60 * MIB } } },
  needs: ['connect', 'resume', 'announce-loss', 'retention-by-count', 'process'],
  faults: ['toxiproxy/bandwidth'],
  server: { retainEvents: 50, heartbeatMs: 10_000, limits: { writeStallMs: 60_000 } },
  client: { livenessTimeoutMs: 60_000 },
  async run(s) {
    await s.client.connects();
    for (let batch = 0; batch < 2; batch++) await s.publish(BATCH, () => EVENT);
    await s.client.processed(2 * BATCH);
    await s.site.watchMemory();
    const slow = await s.network.throttle(1);
    for (let batch = 0; batch < BATCHES; batch++) await s.publish(BATCH, () => EVENT);
    await slow.heal();
    await s.client.announced(1);
  },
});
