import { scenario } from '../scenario.ts';

export default scenario({
  id: 'resume/unknown-id',
  title: 'the cursor is of another life of the server, of the future, or of nothing known',
  hypothesis: 'Each is answered with its reason, once; then the stream goes on from a place that is named.',
  steadyState: 'Three clients connect with a cursor each; five events have been published before.',
  guarantee: 'announced-loss',
  budget: { catchUpMs: 2000, attempts: { max: 1 } },
  needs: ['connect', 'resume', 'announce-loss', 'detects-loss', 'start-from'],
  faults: [],
  expect: { announced: { missed: null, reasons: ['malformed', 'epoch-changed', 'unknown'] } },
  async run(s) {
    await s.publish(5);
    const epoch = s.seen('produced')[0]?.id.split('.')[0];
    const cursors = ['order-4711', 'another-epoch.3', `${epoch}.999`];
    const clients = cursors.map((from) => s.companion({ from }));
    for (const client of clients) await client.start();
    for (const client of clients) await client.announced(1);
    await s.publish(5);
    // After another epoch the stream goes on with the oldest event that is held, else at the head.
    const owed = [5, 10, 5];
    for (const [index, client] of clients.entries()) await client.processed(owed[index] ?? 0);
  },
  check(s) {
    const reasons = s.seen('announced').map(({ reason }) => reason);
    return reasons.toSorted().join() === 'epoch-changed,malformed,unknown'
      ? []
      : [`announced as ${reasons.join(', ')}`];
  },
});
