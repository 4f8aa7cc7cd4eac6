import { scenario } from '../scenario.ts';

const LATE_MS = 1500;

export default scenario({
  id: 'connect/slow-first-byte',
  title: 'the answer takes its time',
  hypothesis: 'A client waits for a slow first byte within its deadline: one open and no second request.',
  steadyState: 'The client has not connected before; each chunk from the server is late by 1.5 s.',
  guarantee: 'effectively-once',
  budget: { duplicatesOnWire: 0, attempts: { min: 1, max: 1 } },
  needs: ['connect'],
  faults: ['toxiproxy/latency'],
  async run(s) {
    const latency = await s.network.latency(LATE_MS, 0);
    await s.client.connects();
    await s.publish(5);
    await s.client.processed(5);
    await latency.heal();
  },
  check(s) {
    const waited = (s.client.saw('open')[0]?.at ?? 0) - (s.seen('request')[0]?.at ?? 0);
    return waited >= LATE_MS ? [] : [`the open came ${Math.round(waited)} ms after the request`];
  },
});
