import { openRawStream } from '../../runner/raw-stream.ts';
import { scenario } from '../scenario.ts';

export default scenario({
  id: 'security/token-expiry',
  title: 'tokens end while their streams are open',
  hypothesis:
    'A stream does not outlive its token: who has a new one goes on without loss, who comes back with the old one is refused.',
  steadyState: 'A client and a bystander whose tokens end after 1.5 s; only the client can get another.',
  guarantee: 'effectively-once',
  budget: { catchUpMs: 3000 },
  needs: ['connect', 'resume', 'replay', 'fresh-token'],
  faults: ['server/token-expiry'],
  server: { tokens: { first: { lifeMs: 1500 }, second: {}, only: { lifeMs: 1500 } } },
  client: { tokens: ['first', 'second'] },
  async run(s) {
    const expiry = s.planned('server/token-expiry');
    await s.client.connects();
    expiry.armed();
    const old = { authorization: 'Bearer only' };
    const bystander = await openRawStream(s.site.url(), old);
    await bystander.until('event: stream.open');
    await s.publish(5);
    await s.client.processed(5);
    await s.client.opened(2);
    await bystander.ended;
    const told = bystander.text().includes('"reason":"auth-expired"');
    const cursor = s.seen('produced')[0]?.id ?? '';
    const again = await openRawStream(s.site.url(), { ...old, 'last-event-id': cursor });
    again.close();
    expiry.fired({ told, status: again.status });
    expiry.healed();
    await s.publish(5);
    await s.client.processed(10);
  },
  check: (s) => {
    const fired = s.seen('fault').find(({ phase }) => phase === 'fired');
    return [
      ...(fired?.evidence?.told === true ? [] : ['the stream ended without "auth-expired"']),
      ...(fired?.evidence?.status === 401 ? [] : [`the old token got ${fired?.evidence?.status}, not 401`]),
    ];
  },
});
