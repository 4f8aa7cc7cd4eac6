import { busiestWindow } from '../../runner/site.ts';
import { scenario } from '../scenario.ts';

const CLIENTS = 100;
/** All at once would be 101; spread over the backoff of two seconds five are expected. */
const PEAK = 40;

export default scenario({
  id: 'overload/storm-100',
  title: 'a hundred clients lose the network for three seconds, then the server',
  hypothesis:
    'Backoff with jitter spreads the attempts during and after the outage, and those of clients that a killed server cut at one moment: no stampede when it is back.',
  steadyState: '101 open connections from one process and one more, five events processed by each.',
  guarantee: 'effectively-once',
  budget: { healMs: 8000, catchUpMs: 5000 },
  needs: ['connect', 'resume', 'replay', 'backoff', 'process', 'kill'],
  faults: ['toxiproxy/down', 'process/sigkill'],
  server: { log: 'durable' },
  client: { retryBaseMs: 1000, retryMaxMs: 2000 },
  async run(s) {
    await s.client.connects();
    const crowd = await s.site.crowd(CLIENTS);
    await crowd.opened(1);
    await s.publish(5);
    await crowd.processed(5);
    const outage = await s.network.down();
    const at = Date.now();
    await s.publish(5);
    // Three seconds, told by the clients' own attempts.
    await s.until('the outage has lasted', () => (crowd.attemptsSince(at).at(-1) ?? 0) > at + 3000);
    await outage.heal();
    await crowd.opened(2);
    await crowd.processed(10);
    await s.server.kill();
    await s.server.restart();
    await crowd.opened(3);
    await s.publish(5);
    await crowd.processed(15);
  },
  check: (s) => {
    const fired = s.seen('fault').filter(({ phase }) => phase === 'fired');
    return fired.flatMap(({ at: since, fault }, index) => {
      const until = fired[index + 1]?.at ?? Number.POSITIVE_INFINITY;
      const attempts = s
        .seen('state')
        .filter(({ state, at }) => state === 'connecting' && at > since && at < until)
        .map(({ at }) => at)
        .sort((a, b) => a - b);
      const peak = busiestWindow(attempts, 100);
      s.note(`${fault}: ${attempts.length} attempts, at most ${peak} within 100 ms`);
      return [
        ...(attempts.length >= CLIENTS ? [] : [`${fault}: only ${attempts.length} attempts, no storm`]),
        ...(peak <= PEAK ? [] : [`${fault}: ${peak} attempts within 100 ms, at most ${PEAK} allowed`]),
      ];
    });
  },
});
