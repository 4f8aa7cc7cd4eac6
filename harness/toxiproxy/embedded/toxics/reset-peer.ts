import type { ToxicKind } from '../toxic-kind.ts';

/**
 * Ends the connection `timeout` ms after the next chunk (or end), which is dropped. The RST itself comes from the
 * connection, which was armed when it was opened. A removal or PATCH while the timer runs resets at once; the real
 * server makes the API call wait for the timer instead.
 */
export const resetPeer: ToxicKind<{ timeout: number }> = {
  type: 'reset_peer',
  defaults: { timeout: 0 },
  armsReset: true,
  async pipe(stub, attributes) {
    const next = await stub.receive();
    if (next.kind === 'interrupted') return;
    if (attributes.timeout > 0) await stub.pause(attributes.timeout);
    stub.end();
  },
};
