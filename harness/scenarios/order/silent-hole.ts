import { scenario } from '../scenario.ts';

export default scenario({
  id: 'order/silent-hole',
  title: 'bytes vanish from a connection that stays open',
  hypothesis:
    'Contiguous positions betray the hole although nothing closed: the client goes back for it, once.',
  steadyState: 'One open connection, five events processed; heartbeats are too rare to help.',
  guarantee: 'effectively-once',
  budget: { reconnectMs: 3000, catchUpMs: 3000, attempts: { min: 2, max: 2 } },
  needs: ['connect', 'resume', 'reorder'],
  faults: ['toxiproxy/timeout'],
  server: { heartbeatMs: 20_000 },
  async run(s) {
    await s.client.connects();
    await s.publish(5);
    await s.client.processed(5);
    const hole = await s.network.swallow();
    await s.publish(5);
    await s.network.leftServer(s.seen('produced').at(-1)?.id);
    await hole.heal();
    await s.publish(5);
    await s.client.processed(15);
  },
  check(s) {
    const [first] = s.client.saw('close');
    const early = s.client.saw('out-of-order').length;
    return [
      ...(first?.cause === 'gap' ? [] : [`the connection ended because of ${first?.cause}, not of the hole`]),
      ...(early > 0 ? [] : ['no event was seen ahead of its turn']),
    ];
  },
});
