import { openRawStream } from '../../runner/raw-stream.ts';
import { scenario } from '../scenario.ts';

export default scenario({
  id: 'proxy/idle-cut',
  title: 'a proxy cuts responses that are idle',
  hypothesis: 'Heartbeats keep a quiet stream open where a stream without them is cut.',
  steadyState: 'One open connection with a heartbeat every 500 ms; nothing is published.',
  guarantee: 'effectively-once',
  budget: { duplicatesOnWire: 0 },
  needs: ['connect', 'heartbeat', 'process'],
  faults: ['sse-proxy/idle-cut'],
  server: { heartbeatMs: 500 },
  async run(s) {
    const cut = s.network.sse.arm({ name: 'idle-cut', idleMs: 3000 });
    await s.client.connects();
    // The proof that the proxy cuts: a stream of the same server that never says anything.
    const quiet = await openRawStream(new URL('/quiet', s.network.url(s.site.url())).href);
    await quiet.ended;
    await cut.fired();
    await s.client.hearsHeartbeats(2);
    await s.publish(5);
    await s.client.processed(5);
  },
  check: (s) => {
    const opens = s.client.saw('open').length;
    return opens === 1 ? [] : [`the stream with heartbeats was opened ${opens} times`];
  },
});
