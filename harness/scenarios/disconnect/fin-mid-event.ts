import { EVERY_SERVER, scenario } from '../scenario.ts';

export default scenario({
  id: 'disconnect/fin-mid-event',
  title: 'the connection ends in the middle of an event',
  hypothesis: 'Half an event is never handed over and its id is never sent: it comes again, whole, once.',
  steadyState: 'One open connection.',
  guarantee: 'effectively-once',
  budget: { detectMs: 1000, reconnectMs: 3000, catchUpMs: 2000, attempts: { min: 2, max: 2 } },
  tags: [EVERY_SERVER],
  needs: ['connect', 'resume'],
  faults: ['sse-proxy/cut-event'],
  async run(s) {
    const cut = s.network.sse.cutInsideEvent(5);
    await s.client.connects();
    await s.publish(10);
    await cut.fired();
    await s.client.opened(2);
    await s.client.processed(10);
  },
  check(s) {
    const [cutId] = s.seen('fault').flatMap(({ evidence }) => evidence?.cutId ?? []);
    const arrivals = s.client.saw('delivered').filter(({ id }) => id === cutId).length;
    const asked = s.seen('request').some(({ lastEventId }) => lastEventId === cutId);
    return [
      ...(arrivals === 1 ? [] : [`the event that was cut arrived ${arrivals} times`]),
      ...(asked ? ['the id of the event that was cut was sent as Last-Event-ID'] : []),
    ];
  },
});
