import { EVERY_SERVER, scenario } from '../scenario.ts';

export default scenario({
  id: 'resume/evicted',
  title: 'the client is away for longer than the log remembers',
  hypothesis: 'What the log no longer has is announced as lost, with the exact count; the rest is delivered.',
  steadyState: 'One open connection, five events processed; the log keeps five.',
  guarantee: 'announced-loss',
  budget: { detectMs: 1000, healMs: 3000, catchUpMs: 2000 },
  tags: [EVERY_SERVER],
  needs: ['connect', 'resume', 'announce-loss', 'retention-by-count'],
  faults: ['toxiproxy/down'],
  server: { retainEvents: 5 },
  expect: { announced: { missed: 15, reasons: ['expired'] } },
  async run(s) {
    await s.client.connects();
    await s.publish(5);
    await s.client.processed(5);
    const outage = await s.network.down();
    await s.publish(20);
    await outage.heal();
    await s.client.announced(1);
    await s.client.processed(10);
  },
});
