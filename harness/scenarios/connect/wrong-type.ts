import { scenario } from '../scenario.ts';

export default scenario({
  id: 'connect/wrong-type',
  title: 'status 200, but no event stream',
  hypothesis:
    'A login page, a JSON error and a type that only begins like the right one are final: no retry, no event, the reason visible.',
  steadyState: 'The client has not connected before.',
  guarantee: 'effectively-once',
  budget: { catchUpMs: 2000, duplicatesOnWire: 0, attempts: { min: 4, max: 4 } },
  needs: ['connect', 'reconnect'],
  faults: ['sse-proxy/wrong-type', 'sse-proxy/wrong-type', 'sse-proxy/wrong-type'],
  expect: { giveUp: 'required' },
  async run(s) {
    const event = 'id: forged\nevent: tick\ndata: "not for you"\n\n';
    s.network.sse.arm({ name: 'wrong-type', type: 'text/html', body: `<h1>Please log in</h1>\n\n${event}` });
    await s.client.start();
    await s.client.gaveUp(1);
    s.network.sse.arm({ name: 'wrong-type', type: 'application/json', body: '{"error":"no such stream"}' });
    await s.client.reconnects();
    await s.client.gaveUp(2);
    s.network.sse.arm({ name: 'wrong-type', type: 'text/event-streamx', body: event });
    await s.client.reconnects();
    await s.client.gaveUp(3);
    await s.client.reconnects();
    await s.client.opened(1);
    await s.publish(5);
    await s.client.processed(5);
  },
  check(s) {
    const causes = s.client.saw('close').flatMap(({ cause, final }) => (final ? [] : [cause]));
    const opens = s.client.saw('open').length;
    return [
      ...(causes.slice(0, 3).every((cause) => cause === 'content-type')
        ? []
        : [`the causes were ${causes.slice(0, 3).join(', ')}`]),
      ...(opens === 1 ? [] : [`${opens} responses counted as streams`]),
    ];
  },
});
