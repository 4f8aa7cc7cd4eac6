import { scenario } from '../scenario.ts';

export default scenario({
  id: 'disconnect/cut-after-id-line',
  title: 'the connection ends right after an `id:` line',
  hypothesis:
    'An id counts only with its whole event (WHATWG HTML 9.2.6): the cursor stays on the event before.',
  steadyState: 'One open connection.',
  guarantee: 'effectively-once',
  budget: { detectMs: 1000, reconnectMs: 3000, catchUpMs: 2000, attempts: { min: 2, max: 2 } },
  needs: ['connect', 'resume'],
  faults: ['sse-proxy/cut-event'],
  async run(s) {
    const cut = s.network.sse.arm({ name: 'cut-event', event: 5, inside: 'id-line' });
    await s.client.connects();
    // What a browser has not read when the connection breaks off, it may drop: the events before the cut are waited for.
    await s.publish(4);
    await s.client.processed(4);
    await s.publish(6);
    await cut.fired();
    await s.client.opened(2);
    await s.client.processed(10);
  },
  check(s) {
    const ids = s.seen('produced').map(({ id }) => id);
    const [cutId] = s.seen('fault').flatMap(({ evidence }) => evidence?.cutId ?? []);
    const last = ids[ids.indexOf(String(cutId)) - 1];
    const asked = s.seen('request')[1]?.lastEventId ?? null;
    return asked === last ? [] : [`resumed from ${asked}, the last whole event was ${last}`];
  },
});
