import { afterEvent } from '../../sse-proxy/triggers.ts';
import { scenario } from '../scenario.ts';

export default scenario({
  id: 'resume/phantom-resend',
  title: 'a reused connection is closed between request and answer',
  hypothesis:
    'The server has read the request and the client never hears of it; the same is asked for again, by the browser behind its back or by the client itself. Two requests, one processing.',
  steadyState:
    'One open connection whose response has ended well, so that its socket is kept for the next request.',
  guarantee: 'effectively-once',
  budget: { reconnectMs: 5000, catchUpMs: 2000, attempts: { min: 2, max: 4 } },
  needs: ['connect', 'resume'],
  faults: ['sse-proxy/phantom-resend', 'sse-proxy/cut'],
  async run(s) {
    const phantom = s.network.sse.arm({ name: 'phantom-resend' });
    const end = s.network.sse.arm({ name: 'cut', how: 'clean', trigger: afterEvent(5) });
    await s.client.connects();
    await s.publish(5);
    await end.fired();
    await phantom.fired();
    await s.publish(5);
    await s.client.opened(2);
    await s.client.processed(10);
  },
  check(s) {
    const [, lost, again] = s.seen('request');
    return lost && again && lost.lastEventId === again.lastEventId
      ? []
      : ['the request that got no answer was not repeated as it was'];
  },
});
