import type { ToxicKind } from '../toxic-kind.ts';

/** Lets `bytes` bytes of a connection through, then ends it. The count survives a PATCH. */
export const limitData: ToxicKind<{ bytes: number }> = {
  type: 'limit_data',
  defaults: { bytes: 0 },
  async pipe(stub, attributes) {
    for (;;) {
      const next = await stub.receive();
      if (next.kind === 'end') return stub.end();
      if (next.kind !== 'chunk') return;
      const left = Math.max(0, attributes.bytes - stub.passedBytes);
      const data = next.chunk.data.subarray(0, left);
      stub.passedBytes += data.length;
      if (data.length > 0) await stub.send({ data, at: next.chunk.at });
      if (stub.passedBytes >= attributes.bytes) return stub.end();
    }
  },
};
