import { setTimeout as delay } from 'node:timers/promises';
import { scenario } from '../../scenarios/scenario.ts';

/** Time for two attempts at a browser's pace. */
const TWO_PAUSES_MS = 8_000;

export default scenario({
  id: 'connect/refused-then-up',
  title: 'the server is not there yet',
  hypothesis: 'A client that reconnects by itself keeps trying until the server is there.',
  steadyState: 'Nothing listens; the client has not connected before.',
  guarantee: 'effectively-once',
  budget: {},
  needs: ['connect'],
  faults: ['toxiproxy/down'],
  async run(s) {
    const outage = await s.network.down();
    await s.client.start();
    // A browser's own pause is 3 or 5 seconds before a server has named one; two attempts will do.
    const failedTwice = s.until('the client has failed twice', () => {
      const failures = Math.max(s.client.saw('close').length, s.client.saw('retry').length);
      return failures >= 2 || s.client.saw('close').some(({ final }) => final);
    });
    // Refused attempts leave nothing on the wire, and not every client speaks of them.
    await Promise.race([failedTwice, delay(TWO_PAUSES_MS)]);
    await outage.heal();
    await s.client.opened(1);
    await s.publish(10);
    await s.client.processed(10);
  },
});
