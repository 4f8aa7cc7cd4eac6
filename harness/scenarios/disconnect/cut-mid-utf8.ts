import { scenario } from '../scenario.ts';

export default scenario({
  id: 'disconnect/cut-mid-utf8',
  title: 'the connection ends inside a character',
  hypothesis:
    'Half a UTF-8 character never becomes U+FFFD in an event: the whole event comes again, unharmed, once.',
  steadyState: 'One open connection; the texts are not ASCII.',
  guarantee: 'effectively-once',
  budget: { detectMs: 1000, reconnectMs: 3000, catchUpMs: 2000, attempts: { min: 2, max: 2 } },
  needs: ['connect', 'resume'],
  faults: ['sse-proxy/cut-event'],
  async run(s) {
    const cut = s.network.sse.arm({ name: 'cut-event', event: 5, inside: 'utf8' });
    await s.client.connects();
    await s.publish(10, (number) => `Grüße Nr. ${number} 🚀`);
    await cut.fired();
    await s.client.opened(2);
    await s.client.processed(10);
  },
  check(s) {
    // A replacement character in a payload changes its digest, even where the event was delivered all the same.
    const produced = new Map(s.seen('produced').map(({ id, digest }) => [id, digest]));
    return s
      .seen('delivered')
      .filter(({ id, digest }) => produced.get(id) !== digest)
      .map(({ id }) => `event ${id} was delivered with another text`);
  },
});
