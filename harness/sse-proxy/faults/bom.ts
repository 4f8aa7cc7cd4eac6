import type { FaultDefinition } from '../types.ts';

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Puts a byte order mark in front of the next frame, once for each response. At the start of a stream a client must
 * skip it; anywhere else it belongs to the field name and spoils the line (WHATWG HTML 9.2.5).
 */
export const bom: FaultDefinition = {
  name: 'bom',
  summary: 'puts a UTF-8 byte order mark in front of a frame',
  params: {},
  start: (_, context) => {
    let done = false;
    return {
      onFrame: async (frame, next) => {
        if (done || !context.claim()) return next(frame);
        done = true;
        const byteBefore = context.exchange.bodyBytes;
        const sent = await next(Buffer.concat([BOM, frame.bytes]));
        if (sent) context.fire({ bomAt: byteBefore });
        return sent;
      },
    };
  },
};
