import { scenario } from '../scenario.ts';

const MIB = 2 ** 20;

export default scenario({
  id: 'overload/oversized-event',
  title: 'a line of 64 MB comes down the stream',
  hypothesis:
    'It is passed over and told about; memory stays bounded, and the events around it are unharmed.',
  steadyState: 'One open connection, five events processed.',
  guarantee: 'effectively-once',
  budget: { attempts: { max: 2 }, memory: { 'client.rss': { maxGrowthBytes: 48 * MIB } } },
  needs: ['connect', 'resume', 'replay', 'process'],
  faults: ['sse-proxy/oversized-event'],
  client: { livenessTimeoutMs: 20_000 },
  async run(s) {
    await s.client.connects();
    await s.publish(5);
    await s.client.processed(5);
    const { pid } = s.client;
    await s.site.watchMemoryOf('client.rss', pid() ?? 0);
    const flood = s.network.sse.arm({ name: 'oversized-event' });
    await s.publish(5);
    await flood.fired();
    await s.client.processed(10);
  },
  check: (s) => {
    const told = s.seen('dead-letter').some(({ reason }) => reason === 'too-large');
    return told ? [] : ['nobody was told of the event that was too large'];
  },
});
