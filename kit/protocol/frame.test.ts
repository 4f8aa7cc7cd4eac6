import { createParser, type EventSourceMessage } from 'eventsource-parser';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeComment, encodeFrame, splitFrames, withFrameId } from './frame.ts';

interface Seen {
  readonly events: EventSourceMessage[];
  readonly retries: number[];
  readonly comments: string[];
}

/** What a conforming parser makes of the text, cut into the given chunk sizes. */
function parse(text: string, chunk = text.length || 1): Seen {
  const seen: Seen = { events: [], retries: [], comments: [] };
  const parser = createParser({
    onEvent: (event) => seen.events.push(event),
    onRetry: (ms) => seen.retries.push(ms),
    onComment: (comment) => seen.comments.push(comment),
    onError: (error) => {
      throw error;
    },
  });
  for (let at = 0; at < text.length; at += chunk) parser.feed(text.slice(at, at + chunk));
  return seen;
}

// Every kind of line ending, alone, doubled, mixed, at the ends, next to what looks like fields.
const nasty = fc
  .array(
    fc.constantFrom(
      '\n',
      '\r',
      '\r\n',
      '\n\r',
      '\u0000',
      '\u2028',
      '\u0085',
      'id: 9',
      'data:',
      ':',
      ' ',
      'é',
      '💥',
      'x',
    ),
    { maxLength: 24 },
  )
  .map((parts) => parts.join(''));
const fieldValue = fc.string({ unit: 'grapheme' }).filter((text) => text !== '' && !/[\r\n\0]/.test(text));

describe('a frame', () => {
  it('carries any data through a parser, each line ending becoming LF', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'grapheme' }), nasty),
        fc.integer({ min: 1, max: 9 }),
        (data, chunk) => {
          const { events } = parse(encodeFrame({ data }), chunk);
          expect(events.map((event) => event.data)).toEqual([data.replace(/\r\n|\r/g, '\n')]);
        },
      ),
    );
  });

  it('carries event, id and retry next to the data, and nothing leaks into the next frame', () => {
    fc.assert(
      fc.property(fieldValue, fieldValue, fc.nat(), nasty, (event, id, retryMs, data) => {
        const seen = parse(encodeFrame({ event, id, retryMs, data }) + encodeFrame({ data: 'next' }));
        expect(seen.events).toEqual([
          { event, id, data: data.replace(/\r\n|\r/g, '\n') },
          { event: undefined, id: undefined, data: 'next' },
        ]);
        expect(seen.retries).toEqual([retryMs]);
      }),
    );
  });

  it('with empty data is still an event', () => {
    expect(parse(encodeFrame({ data: '' })).events).toHaveLength(1);
  });

  it('is written field by field, data last, one blank line after it', () => {
    expect(encodeFrame({ event: 'tick', id: 'e.1', retryMs: 0, data: 'a\r\nb\rc\n' })).toBe(
      'event: tick\nid: e.1\nretry: 0\ndata: a\ndata: b\ndata: c\ndata: \n\n',
    );
  });

  it('without fields dispatches nothing', () => {
    expect(parse(encodeFrame({})).events).toEqual([]);
  });

  const breakouts = ['\r', '\n', '\0', 'tick\nid: 999', 'a\r\n\r\ndata: forged', 'end\r'];

  it.each(breakouts)('refuses %j as event name and as id, and says where', (text) => {
    for (const field of ['event', 'id'] as const) {
      expect(() => encodeFrame({ [field]: text, data: '' })).toThrow(
        expect.objectContaining({ code: 'ERR_CONTROL_CHARACTER', message: expect.stringContaining(field) }),
      );
    }
  });

  it('refuses every name that a parser would not read back as it is', () => {
    fc.assert(
      fc.property(nasty, fc.constantFrom('event', 'id'), (text, field) => {
        const bad = /[\r\n\0]/.test(text);
        const encode = () => encodeFrame({ [field]: text, data: 'x' });
        if (bad) expect(encode).toThrow();
        else expect(parse(encode()).events[0]).toMatchObject(text === '' ? { data: 'x' } : { [field]: text });
      }),
    );
  });

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuses retry %d', (retryMs) => {
    expect(() => encodeFrame({ retryMs })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_RETRY' }));
  });
});

describe('a comment', () => {
  it('is seen by a parser that asks for comments and dispatches nothing', () => {
    expect(parse(encodeComment('hb x 1'))).toEqual({ events: [], retries: [], comments: ['hb x 1'] });
  });

  it.each(['a\nb', 'a\rb', 'a\0b'])('refuses %j', (text) => {
    expect(() => encodeComment(text)).toThrow(expect.objectContaining({ code: 'ERR_CONTROL_CHARACTER' }));
  });
});

describe('withFrameId and splitFrames', () => {
  const first = encodeFrame({ event: 'tick', id: 'old', data: 'id: not this\nsecond line' });
  const second = encodeFrame({ id: 'old', data: 'id: nor this' });

  it('take a block apart into its frames, and give each another id without touching the rest', () => {
    expect(splitFrames(first + second)).toEqual([first, second]);
    expect(withFrameId(first, 'a=b;$&')).toBe(
      encodeFrame({ event: 'tick', id: 'a=b;$&', data: 'id: not this\nsecond line' }),
    );
    expect(withFrameId(second, 'new')).toBe(encodeFrame({ id: 'new', data: 'id: nor this' }));
  });

  it('refuse an id that would break out of its line', () => {
    expect(() => withFrameId(first, 'a\nb')).toThrow(/must not contain CR, LF or NUL/);
  });
});
