import { scenario } from '../scenario.ts';

const BASE_MS = 50;
const MAX_MS = 1600;

export default scenario({
  id: 'connect/accept-then-close',
  title: 'a proxy without its upstream accepts and closes',
  hypothesis:
    'A connection that is accepted and closed is a failure: the pauses grow, with chance in them, and the attempts are few.',
  steadyState: 'The client has not connected before.',
  guarantee: 'effectively-once',
  budget: { healMs: 3000, duplicatesOnWire: 0, attempts: { min: 7, max: 12 } },
  needs: ['connect', 'backoff'],
  faults: ['sse-proxy/accept-then-close'],
  client: { retryBaseMs: BASE_MS, retryMaxMs: MAX_MS },
  async run(s) {
    const dead = s.network.sse.arm({ name: 'accept-then-close' });
    await s.client.start();
    await s.client.retried(6);
    await dead.heal();
    await s.client.opened(1);
    await s.publish(5);
    await s.client.processed(5);
  },
  check(s) {
    // Full jitter: the n-th pause lies anywhere below base × 2^(n-1), so one pause proves nothing; that all six
    // stay below the base has a chance of 1 in 32,768.
    const causes = new Set(s.client.saw('close').flatMap(({ cause, final }) => (final ? [] : [cause])));
    const pauses = s.client.saw('retry').map(({ delayMs }) => delayMs);
    const longest = Math.max(...pauses);
    // Nobody is told a time by a server here, so all chance is the backoff's own.
    const full = pauses.map((_, index) => Math.min(MAX_MS, BASE_MS * 2 ** index));
    const rigid = pauses.every((pause, index) => Math.abs(pause - (full[index] ?? 0)) < 1);
    return [
      ...(longest > BASE_MS ? [] : [`no pause was longer than the first may be, ${Math.round(longest)} ms`]),
      ...(rigid ? [`waited without jitter: ${pauses.map(Math.round).join(', ')} ms`] : []),
      ...(causes.size === 1 && causes.has('network') ? [] : [`the causes were ${[...causes].join(', ')}`]),
    ];
  },
});
