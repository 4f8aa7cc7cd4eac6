import type { ToxicKind } from '../toxic-kind.ts';

/** Passes everything on: the head of every chain, a toxic that lost its toxicity roll, and the template for others. */
export const noop: ToxicKind<Record<string, never>> = {
  type: 'noop',
  defaults: {},
  async pipe(stub) {
    for (;;) {
      const next = await stub.receive();
      if (next.kind === 'chunk') await stub.send(next.chunk);
      else if (next.kind === 'end') return stub.end();
      else return;
    }
  },
};
