import { scenario } from '../scenario.ts';

/** What browsers allow over HTTP/1.1, for all tabs together. */
const PER_HOST = 6;

export default scenario({
  id: 'connect/six-per-host',
  title: 'seven streams in a browser that allows six',
  hypothesis:
    'The seventh stream over HTTP/1.1 waits for a connection that never comes: its client says so, the six do not suffer.',
  steadyState: 'A page with six open streams.',
  guarantee: 'effectively-once',
  budget: { catchUpMs: 2000 },
  needs: ['connect', 'connection-limit'],
  faults: ['browser/six-per-host'],
  async run(s) {
    const six = [s.client, ...Array.from({ length: PER_HOST - 1 }, () => s.companion())];
    for (const client of six) await client.connects();
    const limit = s.planned('browser/six-per-host');
    const seventh = s.companion({ connectTimeoutMs: 1500 });
    limit.armed();
    await seventh.start();
    await seventh.closed(1);
    await s.publish(10);
    for (const client of six) await client.processed(10);
    await seventh.closed(2);
    const requests = s.seen('request').length;
    if (requests === PER_HOST) limit.fired({ clients: six.length + 1, requests });
    await seventh.leaves();
    limit.healed();
  },
  check(s) {
    const served = new Set(s.seen('open').map(({ subject }) => subject));
    const starving = s.seen('close').filter(({ subject, final }) => !served.has(subject) && !final);
    return starving.length >= 2 && starving.every(({ cause }) => cause === 'connect-timeout')
      ? []
      : [`the seventh stream ended because of ${starving.map(({ cause }) => cause).join(', ') || 'nothing'}`];
  },
});
