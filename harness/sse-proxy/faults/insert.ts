import type { FaultContext, FaultDefinition, FaultHooks } from '../types.ts';

export interface InsertParams {
  /** Sent as it is; bring the blank line. */
  readonly bytes: string | Uint8Array;
}

/** Puts bytes of any kind between two frames: an `id:` alone, a foreign event, an unknown field. */
export const insert: FaultDefinition<InsertParams> = {
  name: 'insert',
  summary: 'puts bytes in front of the next frame',
  params: { bytes: 'text or bytes, sent as they are' },
  start: ({ bytes }, context) => insertBefore(context, () => Buffer.from(bytes)),
};

/** Hooks that put something in front of the next frame; `make` sees the type of the event it precedes. */
export function insertBefore(context: FaultContext, make: (nextType: string) => Buffer | null): FaultHooks {
  return {
    onFrame: async (frame, next) => {
      const bytes = frame.kind === 'blank' ? null : make(frame.type);
      if (!bytes || !context.claim()) return next(frame);
      const inserted = bytes.toString('utf8').slice(0, 200);
      if (await next(bytes)) context.fire({ inserted, insertedBytes: bytes.length });
      return next(frame);
    },
  };
}
