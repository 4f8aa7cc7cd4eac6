import { afterEvent } from '../../sse-proxy/triggers.ts';
import { scenario } from '../scenario.ts';

const RETURNS = 200;
/** Events that the client may be behind before a burst: what a return finds to be replayed is little more. */
const AHEAD = 5;
const BURST = 3;
/** Events that a cut lets pass at most: about as often more than are replayed as fewer, so that the seam is passed. */
const PLACES = 20;

export default scenario({
  id: 'resume/handoff-race',
  title: 'publishing never pauses while the client comes back two hundred times',
  hypothesis: 'The seam between replay and live has no gap and no overlap, however often it is hit.',
  steadyState: 'Events are published in bursts without a pause; the connection is cut after a few of them.',
  guarantee: 'effectively-once',
  budget: {
    catchUpMs: 5000,
    duplicatesOnWire: 0,
    holesOnWire: 0,
    resumeOverlap: 0,
    resumeGap: 0,
    attempts: { min: RETURNS + 1 },
    requestsPerSecond: 1000, // as fast as it can, on purpose
  },
  // A few thousand records: enough for one kind of client, since the seam is the server's.
  needs: ['connect', 'resume', 'replay', 'process'],
  faults: Array.from({ length: RETURNS }, () => 'sse-proxy/cut'),
  server: { retryMs: 1 },
  client: { retryBaseMs: 1, retryMaxMs: 5 },
  takesMs: 60_000, // on a busy machine
  async run(s) {
    await s.client.connects();
    let published = 0;
    let over = false;
    const publishing = (async () => {
      while (!over) {
        const burst = 1 + Math.floor(s.random() * BURST);
        await s.publish(burst);
        published += burst;
        // Without a pause, and not so far ahead that the client is always in the replay and never at the seam.
        await s.client.received(published - AHEAD);
      }
    })();
    for (let time = 1; time <= RETURNS; time++) {
      // At a place that differs each time: inside the replay, at its end, or beyond.
      const place = 1 + Math.floor(s.random() * PLACES);
      const cut = s.network.sse.arm({ name: 'cut', trigger: afterEvent(place) });
      await Promise.race([cut.fired(), publishing]);
    }
    over = true;
    await publishing;
    await s.client.processed(published);
  },
});
