import type { FaultDefinition } from '../types.ts';

const BLOCK = Buffer.alloc(64 * 1024, 'x');

export interface OversizedEventParams {
  /** Length of the value, in bytes; default 64 MiB. */
  readonly bytes?: number;
  /** Field that carries it; '' for a comment. Default `data`. */
  readonly field?: string;
  /** Finish the frame; default true. False: the connection stays in the middle of the line until more comes. */
  readonly terminated?: boolean;
}

/** Sends one endless line, made as fast as the client takes it and never held in memory. */
export const oversizedEvent: FaultDefinition<OversizedEventParams> = {
  name: 'oversized-event',
  summary: 'sends an event with one huge line in front of the next frame',
  params: {
    bytes: 'length of the value, default 64 MiB',
    field: "field name, default data; '' for a comment",
    terminated: 'with its blank line, default true',
  },
  start: ({ bytes = 64 * 1024 * 1024, field = 'data', terminated = true }, context) => ({
    onFrame: async (frame, next) => {
      if (!context.claim()) return next(frame);
      let open = await next(Buffer.from(`${field}: `));
      let sent = 0;
      while (open && sent < bytes) {
        const block = BLOCK.subarray(0, Math.min(BLOCK.length, bytes - sent));
        open = await next(block);
        sent += block.length;
      }
      if (open && terminated) await next(Buffer.from('\n\n'));
      context.fire({ field, valueBytes: sent, whole: sent === bytes });
      return next(frame);
    },
  }),
};
