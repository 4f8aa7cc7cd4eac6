import { openRawStream } from '../../runner/raw-stream.ts';
import { scenario } from '../scenario.ts';

const SECRET = 'for the first tenant only';

export default scenario({
  id: 'security/cross-tenant-resume',
  title: 'a cursor is shown by somebody it was not given to',
  hypothesis: 'A cursor is a place and not a permission: nothing of another tenant is replayed for it.',
  steadyState: 'One tenant reads its stream; ten events processed.',
  guarantee: 'effectively-once',
  budget: { duplicatesOnWire: 0 },
  needs: ['connect', 'replay', 'fresh-token', 'process'],
  faults: ['client/foreign-cursor', 'client/foreign-cursor'],
  server: { tokens: { owner: {}, stranger: { stream: 'other' }, guest: { resume: false } } },
  client: { tokens: ['owner'] },
  async run(s) {
    await s.client.connects();
    await s.publish(10, () => SECRET);
    await s.client.processed(10);
    const cursor = s.seen('produced')[2]?.id ?? '';
    // A stranger reads a stream of its own; a guest may read this one, but not its past.
    for (const token of ['stranger', 'guest']) {
      const fault = s.planned('client/foreign-cursor');
      fault.armed();
      const stream = await openRawStream(s.site.url(), {
        authorization: `Bearer ${token}`,
        'last-event-id': cursor,
      });
      await stream.until('event: stream.cannot-resume', SECRET);
      const reason = /"reason":"([a-z-]+)"/.exec(stream.text())?.[1];
      fault.fired({ token, cursor, status: stream.status, reason: reason ?? 'none' });
      const leaked = stream.text().includes(SECRET);
      s.site.sample(`leaked.${token}`, Number(leaked), 'count');
      fault.healed();
      stream.close();
    }
    await s.publish(5, () => SECRET);
    await s.client.processed(15);
  },
  check: (s) => {
    const leaks = s.seen('sample').filter(({ name, value }) => name.startsWith('leaked.') && value > 0);
    const reasons = s
      .seen('fault')
      .flatMap(({ phase, evidence }) => (phase === 'fired' ? [String(evidence?.reason)] : []));
    return [
      ...leaks.map(({ name }) => `foreign events were delivered: ${name}`),
      ...(reasons.includes('forbidden') ? [] : [`nobody was told "forbidden", but ${reasons.join(', ')}`]),
    ];
  },
});
