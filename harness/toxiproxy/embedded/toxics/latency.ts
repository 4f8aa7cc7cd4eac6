import type { ToxicKind } from '../toxic-kind.ts';

/**
 * Delays each chunk by `latency` ± `jitter` ms, counted from its arrival, so that chunks behind one another do not
 * add up their delays. One at a time: a chunk with a small delay waits for the one before, and the order stays.
 */
export const latency: ToxicKind<{ latency: number; jitter: number }> = {
  type: 'latency',
  defaults: { latency: 0, jitter: 0 },
  buffer: 1024,
  async pipe(stub, attributes) {
    for (;;) {
      const next = await stub.receive();
      if (next.kind === 'end') return stub.end();
      if (next.kind !== 'chunk') return;
      const { data, at } = next.chunk;
      const spread = Math.floor((stub.random() * 2 - 1) * attributes.jitter);
      const waitMs = attributes.latency + spread - (stub.clock.now() - at);
      if (waitMs > 0 && !(await stub.pause(waitMs))) return stub.send(next.chunk);
      await stub.send({ data, at: at + waitMs });
    }
  },
};
