import type { FaultDefinition } from '../types.ts';

export interface BufferingParams {
  /** Default 8192. */
  readonly bytes?: number;
  /** The response head waits for the first full buffer, too; default true. */
  readonly head?: boolean;
}

/** A proxy with response buffering (nginx by default): nothing passes until a buffer is full or the response ends. */
export const buffering: FaultDefinition<BufferingParams> = {
  name: 'buffering',
  summary: 'holds the response back until a buffer is full',
  params: { bytes: 'size of the buffer, default 8192', head: 'the head waits too, default true' },
  times: 'always',
  start: ({ bytes: size = 8192, head = true }, context) => {
    let held: Buffer[] = [];
    let heldBytes = 0;
    let fired = false;
    const take = (): Buffer => {
      const all = Buffer.concat(held);
      held = [];
      heldBytes = 0;
      return all;
    };
    return {
      holdsHead: head,
      onBytes: async (bytes, next) => {
        held.push(bytes);
        heldBytes += bytes.length;
        if (heldBytes >= size) return next(take());
        if (!fired && context.claim()) {
          fired = true;
          context.fire({ heldBytes, bufferBytes: size });
        }
        return true;
      },
      onEnd: async (next) => {
        if (heldBytes > 0) await next(take());
      },
    };
  },
};
