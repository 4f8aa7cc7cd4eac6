import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFrame, withField } from './frame.ts';
import { createSplitter } from './splitter.ts';

/** Frames of a stream that arrives in these chunks. An LF that came too late for its frame is left out, see `Piece`. */
function split(chunks: readonly Buffer[]): { frames: Buffer[]; rest: Buffer; covered: Buffer } {
  const splitter = createSplitter();
  const frames: Buffer[] = [];
  let current: Buffer[] = [];
  const covered: Buffer[] = [];
  for (const chunk of chunks) {
    for (const piece of splitter.push(chunk)) {
      const bytes = chunk.subarray(piece.from, piece.to);
      covered.push(bytes);
      if (piece.stray) continue;
      expect(piece.starts).toBe(current.length === 0);
      current.push(bytes);
      if (!piece.ends) continue;
      frames.push(Buffer.concat(current));
      current = [];
    }
  }
  const rest = Buffer.concat(current);
  expect(splitter.insideFrame).toBe(rest.length > 0);
  return { frames, rest, covered: Buffer.concat(covered) };
}

/** Without the LF after a final CR, which may be stray. */
const normal = (frame: Buffer): string => frame.toString('latin1').replace(/\r\n$/, '\r');

const BOM = '\uFEFF';
const text = fc.stringMatching(/^[a-z:é日🙂 ]{0,6}$/u);
const newline = fc.constantFrom('\n', '\r', '\r\n');
const stream = fc
  .tuple(fc.boolean(), fc.array(fc.tuple(text, newline), { maxLength: 14 }))
  .map(([bom, lines]) => Buffer.from((bom ? BOM : '') + lines.flat().join('')));

/** What the standard says, written down independently: lines by CRLF, LF or CR; an empty line ends a frame. */
function expectedFrames(bytes: Buffer): string[] {
  const whole = bytes.toString('latin1');
  const frames: string[] = [];
  let frame = '';
  for (const [line] of whole.matchAll(/[^\r\n]*(?:\r\n|\n|\r)/g)) {
    const first = frames.length === 0 && frame === '';
    frame += line;
    const content = line.replace(/[\r\n]+$/, '');
    if (content !== '' && !(first && content === '\u00ef\u00bb\u00bf')) continue;
    frames.push(frame);
    frame = '';
  }
  return frames.map((bytes) => normal(Buffer.from(bytes, 'latin1')));
}

describe('the frame splitter', () => {
  it('finds the ends of frames for every line ending, with and without BOM', () => {
    fc.assert(
      fc.property(stream, (bytes) => {
        expect(split([bytes]).frames.map(normal)).toEqual(expectedFrames(bytes));
      }),
      { seed: 7, numRuns: 1000 },
    );
  });

  it('finds the same frames at every split position', () => {
    fc.assert(
      fc.property(stream, (bytes) => {
        const whole = split([bytes]);
        for (let at = 0; at <= bytes.length; at++) {
          const parts = split([bytes.subarray(0, at), bytes.subarray(at)]);
          expect(parts.frames.map(normal)).toEqual(whole.frames.map(normal));
          expect(parts.covered).toEqual(bytes);
        }
      }),
      { seed: 11, numRuns: 60 },
    );
  });

  it('finds the same frames byte by byte', () => {
    fc.assert(
      fc.property(stream, (bytes) => {
        const single = split([...bytes].map((byte) => Buffer.from([byte])));
        expect(single.frames.map(normal)).toEqual(split([bytes]).frames.map(normal));
        expect(single.covered).toEqual(bytes);
      }),
      { seed: 13, numRuns: 300 },
    );
  });

  it('ends a CR-only frame at once, without waiting for an LF', () => {
    expect(split([Buffer.from('data: a\r\r')]).frames).toHaveLength(1);
  });
});

describe('a frame', () => {
  it.each([
    ['id: 1\ndata: x\n\n', 'event'],
    ['data\n\n', 'event'],
    ['event: stream.open\ndata: {}\n\n', 'control'],
    ['event: stream.heartbeat\ndata: {}\n\n', 'heartbeat'],
    [': hb e.1 2\n\n', 'heartbeat'],
    ['id: 1\n\n', 'other'],
    ['retry: 5\n\n', 'other'],
    ['\n', 'blank'],
    [`${BOM}data: x\n\n`, 'event'],
  ])('%j is of kind %s', (bytes, kind) => {
    expect(readFrame(Buffer.from(bytes)).kind).toBe(kind);
  });

  it('joins data lines and keeps the last id', () => {
    const frame = readFrame(Buffer.from('id: 1\rdata: a\rid:2\rdata:  b\r\r'));
    expect(frame).toMatchObject({ id: '2', data: 'a\n b' });
  });

  it('changes one field and leaves every other byte', () => {
    const frame = readFrame(Buffer.from('event: t\r\nid: 1\r\ndata: é\r\n\r\n'));
    expect(withField(frame, 'id', '9').bytes.toString()).toBe('event: t\r\nid: 9\r\ndata: é\r\n\r\n');
    expect(withField(frame, 'id', null).bytes.toString()).toBe('event: t\r\ndata: é\r\n\r\n');
    expect(withField(frame, 'retry', '5').bytes.toString()).toBe(`retry: 5\r\n${frame.bytes}`);
  });

  it('puts a new field behind a BOM', () => {
    const frame = readFrame(Buffer.from(`${BOM}data: x\n\n`));
    expect(withField(frame, 'id', '1').bytes.toString()).toBe(`${BOM}id: 1\ndata: x\n\n`);
  });
});
