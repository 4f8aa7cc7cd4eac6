import { type Frame, withField } from '../sse/frame.ts';
import type { FaultDefinition } from '../types.ts';
import { onEvents } from './on-events.ts';

export interface NewPayloadParams {
  /** Instead of the event rather than after it; default false. */
  readonly instead?: boolean;
}

/** Sends an event whose id is known and whose payload is not: corruption, not repetition. */
export const sameIdNewPayload: FaultDefinition<NewPayloadParams> = {
  name: 'same-id-new-payload',
  summary: 'sends an event again with the same id and another payload',
  params: { instead: 'in place of the original, default false' },
  start: ({ instead = false }, context) =>
    onEvents(context, async (frame, next) => {
      const altered = alter(frame);
      if (!instead) await next(frame);
      return (await next(altered)) ? { instead, payload: altered.data?.slice(0, 200) } : null;
    }),
};

/** Stays valid JSON where it was, so that only the content betrays it. */
function alter(frame: Frame): Frame {
  const data = frame.data ?? '';
  try {
    const value: unknown = JSON.parse(data);
    const object = typeof value === 'object' && value !== null && !Array.isArray(value);
    return withField(frame, 'data', JSON.stringify(object ? { ...value, data: 'tampered' } : 'tampered'));
  } catch {
    return withField(frame, 'data', `${data} tampered`);
  }
}
