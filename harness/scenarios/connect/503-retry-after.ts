import { scenario } from '../scenario.ts';

export default scenario({
  id: 'connect/503-retry-after',
  title: 'the server is overloaded and says for how long',
  hypothesis:
    '`Retry-After`, in seconds or as a date, is a floor with jitter on top: nobody is early, and not all are equal.',
  steadyState: 'The client has not connected before; alone it would come back after 100 ms at most.',
  guarantee: 'effectively-once',
  budget: { catchUpMs: 2000, duplicatesOnWire: 0, attempts: { min: 4, max: 4 } },
  needs: ['connect', 'backoff', 'reconnect'],
  faults: ['sse-proxy/status', 'sse-proxy/status'],
  client: { retryBaseMs: 100, retryMaxMs: 200 },
  async run(s) {
    const seconds = s.network.sse.arm({ name: 'status', status: 503, retryAfter: 1 });
    await s.client.start();
    await seconds.fired();
    await s.client.opened(1);
    await s.publish(5);
    await s.client.processed(5);
    const date = s.network.sse.arm({ name: 'status', status: 503, retryAfterDateMs: 2000 });
    await s.client.reconnects();
    await date.fired();
    await s.publish(5);
    await s.client.opened(2);
    await s.client.processed(10);
  },
  check(s) {
    const [refused, again, refusedToo, onDate] = s.seen('request').map(({ at }) => at);
    const named = s
      .seen('fault')
      .flatMap(({ phase, evidence }) => (phase === 'fired' ? (evidence?.retryAfter ?? []) : []));
    const gap = (again ?? 0) - (refused ?? 0);
    const early = Date.parse(String(named[1])) - (onDate ?? 0);
    const delays = s.client.saw('retry').map(({ delayMs }) => delayMs);
    return [
      ...(gap >= 1000 ? [] : [`came back after ${gap} ms although told to wait 1 s`]),
      ...(early <= 0 && refusedToo ? [] : [`came back ${early} ms before ${named[1]}`]),
      ...(delays.every((delayMs) => delayMs % 1000 !== 0) ? [] : [`waited without jitter: ${delays.join()}`]),
    ];
  },
});
