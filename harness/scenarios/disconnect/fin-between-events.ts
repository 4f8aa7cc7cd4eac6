import { afterEvent } from '../../sse-proxy/triggers.ts';
import { scenario } from '../scenario.ts';

export default scenario({
  id: 'disconnect/fin-between-events',
  title: 'the connection ends between two events',
  hypothesis:
    'An end at the edge of an event loses nothing: the next connection goes on with the next event.',
  steadyState: 'One open connection.',
  guarantee: 'effectively-once',
  budget: {
    detectMs: 1000,
    reconnectMs: 3000,
    catchUpMs: 2000,
    duplicatesOnWire: 0,
    attempts: { min: 2, max: 2 },
  },
  needs: ['connect', 'resume'],
  faults: ['sse-proxy/cut'],
  async run(s) {
    const cut = s.network.sse.arm({ name: 'cut', trigger: afterEvent(5) });
    await s.client.connects();
    await s.publish(10);
    await cut.fired();
    await s.client.opened(2);
    await s.client.processed(10);
  },
});
