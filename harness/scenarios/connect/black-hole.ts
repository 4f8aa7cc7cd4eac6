import { scenario } from '../scenario.ts';

const DEADLINE_MS = 700;

export default scenario({
  id: 'connect/black-hole',
  title: 'the request is accepted and never answered',
  hypothesis: 'The connect deadline ends an attempt that nobody answers, and names itself as the cause.',
  steadyState: 'The client has not connected before; it waits 700 ms for an answer.',
  guarantee: 'effectively-once',
  budget: { healMs: 3000, duplicatesOnWire: 0, attempts: { min: 3, max: 6 } },
  needs: ['connect', 'backoff'],
  faults: ['sse-proxy/black-hole'],
  client: { connectTimeoutMs: DEADLINE_MS },
  async run(s) {
    const hole = s.network.sse.arm({ name: 'black-hole' });
    await s.client.start();
    await s.client.retried(2);
    await s.client.hangsUp(2); // each attempt that was given up is closed, and not left to the network
    await hole.heal();
    await s.client.opened(1);
    await s.publish(5);
    await s.client.processed(5);
  },
  check(s) {
    const [first, second] = s.client.saw('close');
    const waited = (first?.at ?? 0) - (s.seen('request')[0]?.at ?? 0);
    return [
      ...[first, second].flatMap((end) =>
        end?.cause === 'connect-timeout' ? [] : [`an attempt ended because of ${end?.cause}`],
      ),
      // The request reaches the tap after the client's deadline began, so it may seem a little short.
      ...(waited > DEADLINE_MS / 2 ? [] : [`the deadline fired after ${Math.round(waited)} ms`]),
    ];
  },
});
