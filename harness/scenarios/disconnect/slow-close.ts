import { scenario } from '../scenario.ts';

export default scenario({
  id: 'disconnect/slow-close',
  title: 'the end of the connection comes late',
  hypothesis:
    'A connection that lingers before it closes costs one reconnect, and nothing published meanwhile.',
  steadyState: 'One open connection, five events processed; heartbeats are too rare to give the delay away.',
  guarantee: 'effectively-once',
  budget: { reconnectMs: 3000, catchUpMs: 2000, duplicatesOnWire: 0, attempts: { min: 2, max: 2 } },
  needs: ['connect', 'resume'],
  faults: ['toxiproxy/slow_close', 'sse-proxy/cut'],
  server: { heartbeatMs: 20_000 },
  async run(s) {
    await s.client.connects();
    await s.publish(5);
    await s.client.processed(5);
    const slow = await s.network.slowClose(1500);
    const cut = s.network.sse.arm({ name: 'cut' });
    await cut.fired();
    await s.publish(5);
    await s.client.opened(2);
    await slow.heal();
    await s.client.processed(10);
  },
});
