import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFrameReader, type FrameBounds } from './frame-reader.ts';

/** What was read, one entry each: `['frame', type, id, data]`, `['id', id]`, `['comment', text]` … */
type Read = readonly unknown[];

const WIDE: FrameBounds = { maxEventBytes: 1e6, maxLineBytes: 1e6 };

function read(pieces: readonly string[], bounds = WIDE): Read[] {
  const found: Read[] = [];
  const feed = createFrameReader(bounds, {
    onFrame: (type, id, data) => found.push(['frame', type, id, data]),
    onId: (id) => found.push(['id', id]),
    onComment: (text) => found.push(['comment', text]),
    onRetry: (ms) => found.push(['retry', ms]),
    onTooLarge: (what) => found.push(['too-large', what]),
  });
  for (const piece of pieces) feed(piece);
  return found;
}

/** What eventsource-parser reads in the whole text. It knows nothing of decoded byte order marks and waits after a CR. */
function reference(text: string): Read[] {
  const found: Read[] = [];
  const parser = createParser({
    onEvent: ({ event, id, data }) => found.push(['frame', event, id, data]),
    onComment: (comment) => found.push(['comment', comment]),
    onRetry: (ms) => found.push(['retry', ms]),
  });
  const whole = text.replace(/^\uFEFF/, '');
  parser.feed(whole.endsWith('\r') ? `${whole}\n` : whole);
  return found;
}

/** The "last event ID" after each blank line, by the letter of WHATWG HTML 9.2.6, which no event has to accompany. */
function lastIds(text: string): string[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  lines.pop();
  const ids: string[] = [];
  let buffer = '';
  for (const line of lines) {
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (line === '') ids.push(buffer);
    else if (field === 'id' && !value.includes('\0')) buffer = value;
  }
  return ids;
}

/** The same as our reader tells it: an id stays until a frame brings another. */
function lastIdsOf(found: readonly Read[]): string[] {
  const ids = [''];
  for (const [kind, first, second] of found) {
    const id = kind === 'id' ? first : kind === 'frame' ? second : undefined;
    if (typeof id === 'string') ids.push(id);
  }
  return withoutRepeats(ids);
}

function withoutRepeats(ids: readonly string[]): string[] {
  return ids.filter((id, index) => index === 0 || id !== ids[index - 1]);
}

const lines = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  {
    weight: 8,
    arbitrary: fc.constantFrom(
      ...[
        'data',
        'data:',
        'data: one',
        'data:two',
        'data:  indented',
        'data: grüße 🚀',
        'data: a:b',
        'datax: 1',
      ],
      ...['event: tick', 'event:tock', 'event:', 'event', 'events: no', 'Event: no', ' event: no'],
      ...['id: 1', 'id:2', 'id:', 'id', 'id: nul\0', 'id: epoch-0001.7', 'idx: 3', 'id : 4'],
      ...[
        'retry: 10',
        'retry:007',
        'retry: 5x',
        'retry:',
        'retry',
        'retry: -1',
        'retry: 99999999999999999999',
      ],
      ...[': comment', ':', '::', ':  two', 'unknown', 'unknown: x', 'd', 'e:', '\uFEFFdata: no'],
    ),
  },
  {
    weight: 4, // frames that are read at once, and such as almost are
    arbitrary: fc.constantFrom(
      ...['event: tick\nid: epoch-0001.7\ndata: {}\n', 'id: 7\ndata: x\n', 'event: \nid: 8\ndata: \n'],
      ...['event: tick\nid: nul\0\ndata: x\n', 'event: tick\nid: 9\ndata: x', 'event: tick\nid: 9\ndata:x\n'],
      ...['event: tick\ndata: x\n', 'id: 9\nevent: tick\ndata: x\n', 'event: tick\nid: 9\n'],
    ),
  },
  { weight: 1, arbitrary: fc.string().map((text) => text.replace(/[\r\n]/g, '')) },
);
const texts = fc
  .tuple(
    fc.boolean(),
    fc.array(fc.tuple(lines, fc.constantFrom('\n', '\n', '\r\n', '\r')), { maxLength: 30 }),
    fc.constantFrom('', 'data: cut', 'id: 9'),
  )
  .map(([mark, ended, rest]) => (mark ? '\uFEFF' : '') + ended.flat().join('') + rest);
/** A text in pieces, some of them empty. */
const cutTexts = texts.chain((text) =>
  fc.array(fc.nat(text.length), { maxLength: 12 }).map((cuts) => {
    const places = [0, ...cuts.sort((a, b) => a - b), text.length];
    return places.slice(1).map((end, index) => text.slice(places[index], end));
  }),
);

describe('the frame reader', () => {
  it('reads what eventsource-parser reads, wherever the text is cut', () => {
    fc.assert(
      fc.property(cutTexts, (pieces) => {
        const found = read(pieces).filter(([kind]) => kind !== 'id');
        expect(found).toEqual(reference(pieces.join('')));
      }),
      { numRuns: 3000 },
    );
  });

  it('tells the last event ID as the specification has it, with an event or without', () => {
    fc.assert(
      fc.property(cutTexts, (pieces) => {
        expect(lastIdsOf(read(pieces))).toEqual(withoutRepeats(['', ...lastIds(pieces.join(''))]));
      }),
      { numRuns: 3000 },
    );
  });

  it('reads the same one character at a time', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(read([...text].flatMap((character) => character.split('')))).toEqual(read([text]));
      }),
    );
  });

  it('hands over an event when its last CR is there, and takes the LF after it for no other line', () => {
    expect(read(['data: x\r\r'])).toEqual([['frame', undefined, undefined, 'x']]);
    expect(read(['data: x\r', '\ndata: y\r', '\n\r', '\ndata: z\n\n'])).toEqual([
      ['frame', undefined, undefined, 'x\ny'],
      ['frame', undefined, undefined, 'z'],
    ]);
  });

  it('reads a retry as soon as its line ends, also in a frame that never does', () => {
    expect(read(['event: e\nid: 1\nretry: 5', '\n', 'data: x'])).toEqual([['retry', 5]]);
    expect(read(['event: e\nid: 1\ndata: x', '\nretry: 5\n'])).toEqual([['retry', 5]]);
  });

  it('takes the beginning of a text for nothing but its beginning', () => {
    expect(read(['id: 7\ndata: x\n\nevent: ', 'tick\nid: 8\ndata: y\n\nid: 9\ndata: z\n\n'])).toEqual([
      ['frame', undefined, '7', 'x'],
      ['frame', 'tick', '8', 'y'],
      ['frame', undefined, '9', 'z'],
    ]);
  });

  it('leaves out one byte order mark, at the very start', () => {
    expect(read(['', '\uFEFF', '\uFEFFdata: a\n\ndata: b\n\n'])).toEqual([
      ['frame', undefined, undefined, 'b'],
    ]);
  });

  it('tells an id without data, and the empty id that takes it back', () => {
    expect(read(['id: 7\nevent: nothing\n\n', 'id\n\n'])).toEqual([
      ['id', '7'],
      ['id', ''],
    ]);
  });

  it('is linear in lines that never end and in lines without a colon', () => {
    const started = performance.now();
    read(['x\n'.repeat(200_000), ...Array.from({ length: 50_000 }, () => 'data')]);
    read(['id: 1\ndata: ', ...Array.from({ length: 50_000 }, () => 'data')]);
    read(['id: 1\ndata: ', ...Array.from({ length: 50_000 }, () => 'data')], {
      maxEventBytes: 20,
      maxLineBytes: 1e6,
    });
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

/** A text whole, in two pieces at each place, and in single characters. */
function inPieces(text: string): string[][] {
  const halves = Array.from(text, (_, at) => [text.slice(0, at), text.slice(at)]);
  return [...halves, text.split('')];
}

describe('the bounds of the frame reader', () => {
  const bounds = { maxEventBytes: 20, maxLineBytes: 40 };
  const fits = 'x'.repeat(20);
  const good: Read = ['frame', undefined, undefined, 'good'];

  it.each(['', 'id: 1\n', `id: ${'1'.repeat(30)}\n`, 'event: e\nid: 1\n'])(
    'lets an event of just the size pass, however it comes (%j)',
    (head) => {
      const text = `${head}data: ${fits}\n\n`;
      const type = head.startsWith('event') ? 'e' : undefined;
      const [id] = /1+/.exec(head) ?? [];
      for (const pieces of inPieces(text)) {
        expect(read(pieces, bounds)).toEqual([['frame', type, id, fits]]);
      }
    },
  );

  it.each([
    ['one line of data', `data: ${fits}x\n\n`, 'event'],
    ['one line of data after an id', `event: e\nid: 1\ndata: ${fits}x\n\n`, 'event'],
    ['several lines of data', `data: ${fits}\ndata\nevent: e\nid: 1\n\n`, 'event'],
    ['a line', `: ${'x'.repeat(40)}\nid: 1\n\n`, 'line'],
    ['a line with CRLF', `: ${'x'.repeat(40)}\r\nid: 1\r\n\r\n`, 'line'],
  ])('says once that %s is too large, and goes on after the blank line', (_what, text, told) => {
    for (const pieces of inPieces(text)) {
      expect(read([...pieces, 'data: good\n\n'], bounds)).toEqual([['too-large', told], good]);
    }
  });

  it('counts lines by themselves, also those of a frame that it keeps together', () => {
    const pieces = ['id: 1\ndata: x', 'x'.repeat(13), '\n\n'];
    expect(read(pieces, { maxEventBytes: 20, maxLineBytes: 20 })).toEqual([
      ['frame', undefined, '1', 'x'.repeat(14)],
    ]);
  });

  it('keeps nothing of what it passes over', () => {
    const found = read(
      ['data: ', ...Array.from({ length: 100 }, () => fits), '\n', '\n', 'data: good\n\n'],
      bounds,
    );
    expect(found).toEqual([['too-large', 'line'], good]);
  });
});
