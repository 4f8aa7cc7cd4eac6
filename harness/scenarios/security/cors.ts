import { openRawStream } from '../../runner/raw-stream.ts';
import { scenario } from '../scenario.ts';

/** Nobody lists it; nothing listens there either, since it is only said in a header. */
const DENIED = 'http://denied.localhost:18080';

export default scenario({
  id: 'security/cors',
  title: 'the page is of another origin than the stream',
  hypothesis:
    'The preflight that a resume needs (Last-Event-ID is no simple header) is answered, so a reconnect works, too; an origin that is not listed is refused.',
  steadyState: 'One open connection from a page of a listed origin, ten events processed.',
  guarantee: 'effectively-once',
  budget: { healMs: 5000, catchUpMs: 3000 },
  needs: ['connect', 'resume', 'replay', 'page-origin'],
  faults: ['toxiproxy/down', 'client/denied-origin'],
  otherOrigin: true,
  async run(s) {
    await s.client.connects();
    await s.publish(10);
    await s.client.processed(10);
    const outage = await s.network.down();
    await s.publish(10);
    await outage.heal();
    await s.client.processed(20);

    const denied = s.planned('client/denied-origin');
    denied.armed();
    const read = await openRawStream(s.site.url(), { origin: DENIED });
    const preflight = await openRawStream(
      s.site.url(),
      {
        origin: DENIED,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'last-event-id',
      },
      'OPTIONS',
    );
    const allowed = [read, preflight].map(
      ({ headers }) => headers['access-control-allow-origin'] ?? 'nobody',
    );
    denied.fired({ origin: DENIED, status: read.status, allowed: allowed.join(', ') });
    for (const stream of [read, preflight]) stream.close();
    denied.healed();
  },
  check: (s) => {
    const refused = s
      .seen('fault')
      .find(({ fault, phase }) => phase === 'fired' && fault.startsWith('client/'));
    const preflights = s.seen('request').filter(({ method }) => method === 'OPTIONS').length;
    return [
      ...(refused?.evidence?.status === 403 ? [] : [`a denied origin got ${refused?.evidence?.status}`]),
      ...(refused?.evidence?.allowed === 'nobody, nobody' ? [] : ['a denied origin was allowed to read']),
      ...(preflights > 0 ? [] : ['the browser made no preflight: nothing was shown']),
    ];
  },
});
