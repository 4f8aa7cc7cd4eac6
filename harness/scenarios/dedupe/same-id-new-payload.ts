import { scenario } from '../scenario.ts';

export default scenario({
  id: 'dedupe/same-id-new-payload',
  title: 'an id comes again with another payload',
  hypothesis:
    'The forgery does not reach the handler: its id is known. On the wire it is told from a repetition as corruption.',
  steadyState: 'One open connection.',
  guarantee: 'effectively-once',
  budget: { catchUpMs: 2000, attempts: { min: 1, max: 1 } },
  needs: ['connect', 'dedupe'],
  faults: ['sse-proxy/same-id-new-payload'],
  expect: { convicts: ['corruption'] },
  async run(s) {
    await s.client.connects();
    const forged = s.network.sse.arm({ name: 'same-id-new-payload', times: 2 });
    await s.publish(10);
    await forged.fired();
    await s.client.processed(10);
    await s.client.recognised(2);
  },
  check(s) {
    const produced = new Map(s.seen('produced').map(({ id, digest }) => [id, digest]));
    const handled = s.client.saw('processed').filter(({ id, digest }) => produced.get(id) !== digest);
    const forged = s.client.saw('deduped').map(({ id }) => id);
    const named = s.seen('note').filter(({ text }) => text.includes('came again with other data'));
    return [
      ...handled.map(({ id }) => `the forged payload of ${id} was handled`),
      ...forged
        .filter((id) => !named.some(({ text }) => text.includes(JSON.stringify(id))))
        .map((id) => `the client did not say that ${id} came with other data`),
    ];
  },
});
