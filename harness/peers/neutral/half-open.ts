import { scenario } from '../../scenarios/scenario.ts';

export default scenario({
  id: 'liveness/half-open',
  title: 'the connection is dead and nobody was told',
  hypothesis: 'A client with a read timeout ends the silent connection by itself and misses nothing.',
  steadyState: 'One open connection that carries heartbeats, five events processed.',
  guarantee: 'effectively-once',
  budget: {},
  needs: ['connect', 'resume', 'liveness', 'heartbeat'],
  faults: ['toxiproxy/timeout'],
  server: { heartbeatMs: 500 },
  client: { livenessTimeoutMs: 2000 },
  async run(s) {
    await s.client.connects();
    await s.publish(5);
    await s.client.processed(5);
    const blackhole = await s.network.blackhole();
    await s.publish(5);
    await s.client.closed(1);
    await blackhole.heal();
    await s.client.opened(2);
    await s.client.processed(10);
  },
});
