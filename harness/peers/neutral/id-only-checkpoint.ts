import { scenario } from '../../scenarios/scenario.ts';

/** Far beyond what is published, so that it cannot be mistaken for the place of an event. */
const CHECKPOINT = 'checkpoint-1000';

export default scenario({
  id: 'resume/id-only-checkpoint',
  title: 'an `id:` without data, then a cut',
  hypothesis:
    'An `id:` moves the last event ID although no data comes with it (WHATWG HTML 9.2.6): the next request carries it.',
  steadyState: 'One open connection, five events processed.',
  guarantee: 'at-most-once',
  budget: {},
  needs: ['connect', 'resume'],
  faults: ['sse-proxy/insert', 'sse-proxy/cut'],
  // The id is nobody's: what the server makes of it is not the client's doing, only what the client asks for is.
  expect: { subjects: [], sentinel: false },
  async run(s) {
    await s.client.connects();
    await s.publish(5);
    await s.client.processed(5);
    // The event behind it has no id, so it changes nothing; it shows that what came before it was read, which the bytes on
    // the wire do not: Chromium drops what it has not read yet when a response breaks off.
    const checkpoint = s.network.sse.arm({ name: 'insert', bytes: `id: ${CHECKPOINT}\n\ndata: "read"\n\n` });
    await checkpoint.fired();
    await s.client.processed(6);
    const cut = s.network.sse.arm({ name: 'cut' });
    await cut.fired();
    await s.until('the client asks again', () => s.seen('request').length > 1);
    await s.client.leaves(); // what it is sent from nobody's place is not its doing either
  },
  check(s) {
    const asked = s.seen('request')[1]?.lastEventId ?? 'nothing';
    return asked === CHECKPOINT ? [] : [`resumed from ${asked} and not from the checkpoint`];
  },
});
