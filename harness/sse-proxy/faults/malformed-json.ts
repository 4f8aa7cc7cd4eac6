import type { FaultDefinition } from '../types.ts';
import { onEvents } from './on-events.ts';

export interface MalformedJsonParams {
  /** Default: an envelope that stops in the middle. */
  readonly data?: string;
}

/** Puts an event whose data does not parse in front of a good one, with the same type and no id. */
export const malformedJson: FaultDefinition<MalformedJsonParams> = {
  name: 'malformed-json',
  summary: 'sends an event with broken JSON between two good ones',
  params: { data: 'default an envelope cut short' },
  start: ({ data = '{"specversion":"1.0","id":"broken","data":{' }, context) =>
    onEvents(context, async (frame, next) => {
      const type = frame.type === '' ? '' : `event: ${frame.type}\n`;
      const sent = await next(Buffer.from(`${type}data: ${data}\n\n`));
      await next(frame);
      return sent ? { inserted: data.slice(0, 200), before: frame.id } : null;
    }),
};
