import { scenario } from '../scenario.ts';

const QUIET_MS = 6 * 60_000;
const HEARTBEAT_MS = 15_000;

/** In virtual time the same is a unit test that always runs (kit/client/liveness.test.ts, "for hours"). */
export default scenario({
  id: 'liveness/quiet-stream',
  title: 'nothing is published for six minutes',
  hypothesis:
    "Heartbeats keep a quiet stream: neither the deadline nor the body timeout of Node's fetch (300 s) ends it.",
  steadyState: "One open connection by Node's own fetch, a heartbeat every 15 s, five events processed.",
  guarantee: 'effectively-once',
  budget: { duplicatesOnWire: 0, attempts: { min: 1, max: 1 } },
  needs: ['connect', 'liveness', 'heartbeat', 'process', 'long-run'],
  faults: [],
  tags: ['long'],
  server: { heartbeatMs: HEARTBEAT_MS },
  client: { platformFetch: true },
  expect: { silence: { deadlineMs: HEARTBEAT_MS, graceMs: 7500, alarm: 'none' } },
  takesMs: QUIET_MS,
  async run(s) {
    await s.client.connects();
    await s.publish(5);
    await s.client.processed(5);
    for (let heartbeat = 1; heartbeat <= QUIET_MS / HEARTBEAT_MS; heartbeat++) {
      await s.client.hearsHeartbeats(1);
    }
    await s.publish(5);
    await s.client.processed(10);
  },
});
