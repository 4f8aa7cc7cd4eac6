import { encodeStreamEnd } from '../../../kit/protocol/index.ts';
import { scenario } from '../scenario.ts';

export default scenario({
  id: 'disconnect/clean-end',
  title: 'the server ends the response, first like that, then with `stream.end`',
  hypothesis:
    'A response that ends properly is no reason to stop, a stream that is said to be complete is one.',
  steadyState: 'One open connection.',
  guarantee: 'effectively-once',
  budget: { detectMs: 1000, reconnectMs: 3000, catchUpMs: 2000, attempts: { min: 3, max: 3 } },
  needs: ['connect', 'resume', 'reconnect'],
  faults: ['sse-proxy/cut', 'sse-proxy/insert'],
  async run(s) {
    await s.client.connects();
    await s.publish(5);
    await s.client.processed(5);
    const end = s.network.sse.arm({ name: 'cut', how: 'clean' });
    await end.fired();
    await s.client.opened(2);
    const complete = s.network.sse.arm({ name: 'insert', bytes: encodeStreamEnd() });
    await s.publish(5);
    await complete.fired();
    await s.client.stopped(1);
    // A client that came back by itself would make a fourth request, beyond the budget.
    await s.client.reconnects();
    await s.client.opened(3);
    await s.client.processed(10);
  },
  check(s) {
    const [cause] = s.client.saw('close').flatMap(({ cause, final }) => (final ? [cause] : []));
    return cause === 'complete' ? [] : [`stopped with the reason ${cause}`];
  },
});
