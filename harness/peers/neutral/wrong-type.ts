import { scenario } from '../../scenarios/scenario.ts';

export default scenario({
  id: 'connect/wrong-type',
  title: 'status 200, but no event stream',
  hypothesis: 'A type that only begins like `text/event-stream` is no stream: nothing in it is an event.',
  steadyState: 'The client has not connected before.',
  guarantee: 'effectively-once',
  budget: {},
  needs: ['connect'],
  faults: ['sse-proxy/wrong-type'],
  // The client may close for good (WHATWG HTML 9.2.3) or come back: both are sound, dispatching is not.
  expect: { giveUp: 'allowed', sentinel: false },
  async run(s) {
    const page = s.network.sse.arm({
      name: 'wrong-type',
      type: 'text/event-streamx',
      body: 'id: forged\nevent: tick\ndata: "not for you"\n\n',
    });
    await s.client.start();
    await page.fired();
    await s.until('the client has dealt with the answer', () => {
      const closes = s.client.saw('close').length + s.client.saw('retry').length;
      return closes > 0 || s.seen('request').length > 1;
    });
    await s.client.leaves();
  },
  check(s) {
    const forged = s.client.saw('delivered').filter(({ id }) => id === 'forged').length;
    return forged === 0 ? [] : ['what came as text/event-streamx was handed over as an event'];
  },
});
