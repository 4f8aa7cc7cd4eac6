import { EVERY_SERVER, scenario } from '../scenario.ts';

/** Room for the response head, `stream.open` and at least one event, so that progress is possible at all. */
const BYTES = 1100;
const BASE_MS = 20;

export default scenario({
  id: 'disconnect/truncate-every-n',
  title: 'every connection dies after a few bytes',
  hypothesis:
    'A client that gets only a little each time still gets everything and never goes back. A connection that lived so shortly does not count as healthy: the pauses grow.',
  steadyState: 'Each connection passes at most 1100 bytes, headers included.',
  guarantee: 'effectively-once',
  budget: { reconnectMs: 3000, catchUpMs: 20_000, attempts: { min: 4, max: 30 } },
  tags: [EVERY_SERVER],
  needs: ['connect', 'resume', 'backoff'],
  faults: ['toxiproxy/limit_data'],
  // No more than a breath of the server's own: the pauses are the client's.
  server: { retryMs: 1 },
  client: { retryBaseMs: BASE_MS, retryMaxMs: 250 },
  async run(s) {
    const limit = await s.network.limitBytes(s.room(BYTES));
    await s.client.connects();
    await s.publish(12);
    await s.client.processed(12);
    await limit.heal();
  },
  check(s) {
    // A browser may discard what it had read when the response errs, so a cycle may make no progress. None goes back.
    const order = s.seen('produced').map(({ id }) => id);
    const places = s.seen('request').map(({ lastEventId }) => order.indexOf(lastEventId ?? ''));
    const back = places.findIndex((place, index) => place < (places[index - 1] ?? -1));
    // Full jitter: the n-th pause lies anywhere below base × 2^(n-1), up to 250 ms. That none of seven is longer than the
    // first may be (and the breath on top) has a chance of 1 in 30,000.
    const longest = Math.max(...s.client.saw('retry').map(({ delayMs }) => delayMs));
    return [
      ...(longest > 1.25 * BASE_MS || !s.client.can('backoff')
        ? []
        : [`no pause was longer than ${Math.round(longest)} ms, whatever had failed before`]),
      ...(back < 0
        ? []
        : [`request ${back + 1} went back from event ${places[back - 1]} to ${places[back]}`]),
      ...(new Set(places).size >= 3 ? [] : ['fewer than three steps of progress']),
    ];
  },
});
