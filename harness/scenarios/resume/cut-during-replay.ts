import { afterEvent } from '../../sse-proxy/triggers.ts';
import { scenario } from '../scenario.ts';

/** More than a server writes at once (64 KiB), so that a replay has several parts. */
const EVENT = 'x'.repeat(4000);

export default scenario({
  id: 'resume/cut-during-replay',
  title: 'the connection dies again and again while the past is being replayed in parts',
  hypothesis:
    'A replay that was cut goes on where it was cut: complete, nothing twice, and no part of it is left out for what is published meanwhile.',
  steadyState: 'One open connection, five events processed.',
  guarantee: 'effectively-once',
  budget: {
    detectMs: 1000,
    reconnectMs: 5000,
    catchUpMs: 3000,
    duplicatesOnWire: 0,
    holesOnWire: 0,
    resumeOverlap: 0,
    resumeGap: 0,
    attempts: { min: 3, max: 8 },
  },
  needs: ['connect', 'resume', 'replay'],
  faults: ['toxiproxy/down', 'sse-proxy/cut', 'sse-proxy/cut'],
  async run(s) {
    await s.client.connects();
    await s.publish(5);
    await s.client.processed(5);
    const outage = await s.network.down();
    await s.publish(60, () => EVENT);
    const first = s.network.sse.arm({ name: 'cut', trigger: afterEvent(20) });
    await outage.heal();
    await first.fired();
    const second = s.network.sse.arm({ name: 'cut', trigger: afterEvent(20) });
    await second.fired();
    await s.publish(5);
    await s.client.processed(70);
  },
});
