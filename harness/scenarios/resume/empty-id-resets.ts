import { scenario } from '../scenario.ts';

const RESET = '"the cursor is reset"';

export default scenario({
  id: 'resume/empty-id-resets',
  title: 'an event with an empty id, then a cut',
  hypothesis:
    'An empty `id:` resets the cursor (WHATWG HTML 9.2.6): the next request carries no Last-Event-ID at all, and begins anew.',
  steadyState: 'One open connection, five events processed.',
  guarantee: 'effectively-once',
  budget: { reconnectMs: 3000, catchUpMs: 2000, attempts: { min: 2, max: 2 } },
  needs: ['connect', 'resume'],
  faults: ['sse-proxy/insert', 'sse-proxy/cut'],
  server: { heartbeatMs: 300 },
  async run(s) {
    await s.client.connects();
    await s.publish(5);
    await s.client.processed(5);
    s.scripted([{ type: 'message', data: RESET }]);
    const reset = s.network.sse.arm({ name: 'insert', bytes: `id:\ndata: ${RESET}\n\n` });
    await reset.fired();
    await s.client.processed(6);
    const cut = s.network.sse.arm({ name: 'cut' });
    await cut.fired();
    await s.client.opened(2);
    await s.publish(5);
    await s.client.processed(11);
  },
  check(s) {
    const again = s.seen('request')[1];
    return again && again.lastEventId === null
      ? []
      : [`the request after the reset carried ${JSON.stringify(again?.lastEventId)}`];
  },
});
