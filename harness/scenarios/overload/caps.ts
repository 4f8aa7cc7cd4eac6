import { openRawStream } from '../../runner/raw-stream.ts';
import { scenario } from '../scenario.ts';

export default scenario({
  id: 'overload/caps',
  title: 'the server has as many connections as it takes',
  hypothesis:
    'One more gets 503 with a Retry-After that differs from client to client; those that are open notice nothing, and the refused client gets in when there is room.',
  steadyState: 'Two connections are open, and two are all that the server takes.',
  guarantee: 'effectively-once',
  budget: { healMs: 10_000 },
  needs: ['connect', 'backoff', 'process'],
  faults: ['server/cap'],
  server: { limits: { maxConnections: 2, retryAfterMs: 2000 } },
  async run(s) {
    const cap = s.planned('server/cap');
    await s.client.connects();
    const guest = await openRawStream(s.site.url());
    await guest.until('event: stream.open');
    cap.armed();
    const refusals = await Promise.all(Array.from({ length: 20 }, () => openRawStream(s.site.url())));
    const waits = refusals.map(({ headers }) => Number(headers['retry-after']));
    const statuses = refusals.map(({ status }) => status);
    const letIn = statuses.filter((status) => status !== 503).length;
    for (const refusal of refusals) refusal.close();
    cap.fired({
      asked: refusals.length,
      statuses: [...new Set(statuses)].join(' '),
      retryAfterSeconds: waits.join(' '),
    });
    s.site.sample('let-in', letIn, 'count');
    if (letIn > 0) return; // the verdict is known, and nobody would be kept waiting
    s.site.sample('retry-after.kinds', new Set(waits).size, 'count');
    s.site.sample('retry-after.least', Math.min(...waits), 'count');

    const late = s.companion();
    await late.start();
    await late.retried(1);
    await s.publish(5);
    await s.client.processed(5);
    guest.close();
    await guest.ended;
    await late.opened(1);
    cap.healed();
    await s.publish(5);
    await late.processed(5);
  },
  check: (s) => {
    const value = (of: string) => s.seen('sample').find(({ name }) => name === of)?.value ?? 0;
    if (value('let-in') > 0) return [`${value('let-in')} connections were let in above the limit`];
    return [
      ...(s.client.saw('open').length === 1 ? [] : ['the connection that was open was touched']),
      ...(value('retry-after.kinds') > 1 ? [] : ['everybody got the same Retry-After']),
      ...(value('retry-after.least') >= 1 ? [] : ['Retry-After allowed to return at once']),
    ];
  },
});
