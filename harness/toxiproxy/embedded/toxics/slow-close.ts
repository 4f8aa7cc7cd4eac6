import type { ToxicKind } from '../toxic-kind.ts';

/** Passes bytes at once and the end of the stream `delay` ms later. */
export const slowClose: ToxicKind<{ delay: number }> = {
  type: 'slow_close',
  defaults: { delay: 0 },
  async pipe(stub, attributes) {
    for (;;) {
      const next = await stub.receive();
      if (next.kind === 'chunk') await stub.send(next.chunk);
      else if (next.kind === 'end') {
        if (await stub.pause(attributes.delay)) stub.end();
        return;
      } else return;
    }
  },
};
