import { SseKitError } from '../../../kit/protocol/index.ts';
import type { Frame } from '../sse/frame.ts';
import { onEvent } from '../triggers.ts';
import type { Ending, FaultDefinition } from '../types.ts';

export interface CutEventParams {
  /** Which event of the response, 1 the first; default: the first after the trigger. */
  readonly event?: number;
  /**
   * Where in it: after the `id:` line, in the middle of the data, before the blank line, between two bytes of a
   * UTF-8 character, or anywhere by chance. Default `data`.
   */
  readonly inside?: 'id-line' | 'data' | 'blank-line' | 'utf8' | 'random';
  /** Default `fin`. */
  readonly how?: Ending;
}

/** Ends the response inside an event. An event without the place asked for (no id, all ASCII) passes. */
export const cutEvent: FaultDefinition<CutEventParams> = {
  name: 'cut-event',
  summary: 'ends the response inside an event',
  params: {
    event: 'which, default the first after the trigger',
    inside: 'id-line, data (default), blank-line, utf8 or random',
    how: 'fin (default), rst, clean or half-open',
  },
  trigger: ({ event }) => (event === undefined ? { when: 'always' } : onEvent(event)),
  start: ({ inside = 'data', how = 'fin', event = 1 }, context) => {
    if (!Number.isInteger(event) || event < 1) {
      throw new SseKitError('ERR_FAULT_PARAMS', `cut-event: event must be 1 or more, not ${event}`);
    }
    return {
      onFrame: async (frame, next) => {
        const at = frame.kind === 'event' ? place(frame, inside, context.random) : null;
        if (at === null) return next(frame);
        await next(frame.bytes.subarray(0, at));
        const cut = { inside, cutId: frame.id, bytesOfEvent: at, eventBytes: frame.bytes.length };
        if (await context.end(how, cut)) return false;
        return next(frame.bytes.subarray(at));
      },
    };
  },
};

function place(frame: Frame, inside: CutEventParams['inside'], random: () => number): number | null {
  const { bytes, lines } = frame;
  switch (inside) {
    case 'id-line':
      return lines.find(({ field }) => field === 'id')?.to ?? null;
    case 'blank-line':
      return lines.at(-1)?.from ?? null;
    case 'utf8': {
      // A byte 10xxxxxx continues a character: a cut before it falls inside.
      const at = bytes.findIndex((byte) => (byte & 0xc0) === 0x80);
      return at < 0 ? null : at;
    }
    case 'random':
      return 1 + Math.floor(random() * (bytes.length - 1));
    default: {
      const data = lines.find(({ field }) => field === 'data');
      return data ? Math.ceil((data.from + data.textTo) / 2) : null;
    }
  }
}
