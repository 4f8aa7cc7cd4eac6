import type { ToxicKind } from '../toxic-kind.ts';

/**
 * Drops all bytes. `timeout` 0 leaves the connection open; more than 0 ends it after that many milliseconds in which
 * not even a dropped chunk came. Removal ends the connection: what was dropped cannot be given back.
 */
export const timeout: ToxicKind<{ timeout: number }> = {
  type: 'timeout',
  defaults: { timeout: 0 },
  async pipe(stub, attributes) {
    for (;;) {
      const next = await stub.receive(attributes.timeout > 0 ? attributes.timeout : undefined);
      if (next.kind === 'interrupted') return;
      if (next.kind !== 'chunk') return stub.end();
    }
  },
  cleanup: (stub) => stub.end(),
};
