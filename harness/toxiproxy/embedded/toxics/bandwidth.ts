import type { ToxicKind } from '../toxic-kind.ts';

/** Longest silence between two pieces of one chunk, so that a slow link trickles instead of bursting. */
const PIECE_MS = 100;

/** At most `rate` KB (1000 bytes) a second; 0 holds everything, FIN included, until it is patched or removed. */
export const bandwidth: ToxicKind<{ rate: number }> = {
  type: 'bandwidth',
  defaults: { rate: 0 },
  refuse: ({ rate }) => (rate < 0 ? 'rate is negative' : undefined),
  async pipe(stub, attributes) {
    let owedMs = 0;
    for (;;) {
      const next = await stub.receive();
      if (next.kind === 'end') return stub.end();
      if (next.kind !== 'chunk') return;
      let { data } = next.chunk;
      const { at } = next.chunk;
      const bytesPerMs = attributes.rate;
      if (bytesPerMs === 0) {
        await stub.pause();
        return stub.send({ data, at });
      }
      while (data.length > 0) {
        const piece = data.subarray(0, bytesPerMs * PIECE_MS);
        owedMs += piece.length / bytesPerMs;
        const started = stub.clock.now();
        if (owedMs >= 1 && !(await stub.pause(owedMs))) return stub.send({ data, at });
        // Timers are late by a millisecond or so: what was slept too long is taken off the next piece.
        owedMs -= stub.clock.now() - started;
        data = data.subarray(piece.length);
        await stub.send({ data: piece, at });
      }
    }
  },
};
