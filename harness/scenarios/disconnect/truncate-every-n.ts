import { scenario } from '../scenario.ts';

/** Room for the response head, `stream.open` and at least one event, so that progress is possible at all. */
const BYTES = 1600;

export default scenario({
  id: 'disconnect/truncate-every-n',
  title: 'every connection dies after a few bytes',
  hypothesis: 'A client that gets only a little each time still gets everything: each cycle makes progress.',
  steadyState: 'Each connection passes at most 1600 bytes, headers included.',
  guarantee: 'effectively-once',
  budget: { reconnectMs: 3000, catchUpMs: 20_000, attempts: { min: 4, max: 30 } },
  needs: ['connect', 'resume', 'backoff'],
  faults: ['toxiproxy/limit_data'],
  client: { retryBaseMs: 50, retryMaxMs: 250 },
  async run(s) {
    const limit = await s.network.limitBytes(BYTES);
    await s.client.connects();
    await s.publish(12);
    await s.client.processed(12);
    await limit.heal();
  },
  check(s) {
    const cursors = s.seen('request').map(({ lastEventId }) => lastEventId);
    const repeated = cursors.filter((cursor, index) => cursor !== null && cursors.indexOf(cursor) < index);
    return repeated.length > 0 ? [`no progress between requests from ${repeated.join(', ')}`] : [];
  },
});
