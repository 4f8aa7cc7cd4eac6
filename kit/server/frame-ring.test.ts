import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameRing } from './frame-ring.ts';

const all = { maxEvents: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY };

/** Reads everything after a sequence, batch by batch. */
function readAll(ring: FrameRing, afterSeq: number, limit = all): string[] {
  const texts: string[] = [];
  for (let at = afterSeq; ; ) {
    const read = ring.read(at, limit);
    if (read.kind !== 'batch') return texts;
    expect(read.firstSeq).toBe(at + 1);
    texts.push(Buffer.from(read.bytes).toString());
    at = read.lastSeq;
  }
}

describe('FrameRing', () => {
  it('behaves as a plain array of frames does, under any limits', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 20 }),
      fc.nat({ max: 3000 }).map((length) => 'x'.repeat(length)),
    );
    fc.assert(
      fc.property(
        fc.array(text, { maxLength: 120 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 20_000 }),
        (texts, maxEvents, maxBytes) => {
          const ring = new FrameRing({ maxEvents, maxBytes });
          let model: { seq: number; text: string }[] = [];
          const bytes = () => model.reduce((sum, entry) => sum + Buffer.byteLength(entry.text), 0);
          texts.forEach((text, index) => {
            expect(ring.append(text, index)).toBe(index + 1);
            model.push({ seq: index + 1, text });
            model = model.slice(-maxEvents);
            while (bytes() > maxBytes && model.length > 1) model.shift();
          });
          const oldest = model[0]?.seq ?? texts.length + 1;
          expect([ring.oldest, ring.head, ring.size, ring.bytes]).toEqual([
            oldest,
            texts.length,
            model.length,
            bytes(),
          ]);
          expect(ring.oldestUnixMs).toBe(model.length ? oldest - 1 : null);
          for (const after of [oldest - 1, oldest, texts.length - 1, texts.length]) {
            if (after < oldest - 1) continue;
            const rest = model.filter((entry) => entry.seq > after).map((entry) => entry.text);
            expect(readAll(ring, after).join('')).toBe(rest.join(''));
          }
          expect(ring.read(oldest - 2, all)).toEqual({ kind: 'gone' });
          expect(ring.read(texts.length + 1, all)).toEqual({ kind: 'gone' });
        },
      ),
    );
  });

  it('reads whole frames within the limits, and at least one', () => {
    const ring = new FrameRing();
    for (let n = 0; n < 10; n++) ring.append('x'.repeat(100), n);
    expect(ring.read(0, { maxEvents: 3, maxBytes: 10_000 })).toMatchObject({ firstSeq: 1, lastSeq: 3 });
    expect(ring.read(0, { maxEvents: 100, maxBytes: 250 })).toMatchObject({ firstSeq: 1, lastSeq: 2 });
    expect(ring.read(4, { maxEvents: 100, maxBytes: 10 })).toMatchObject({ firstSeq: 5, lastSeq: 5 });
    expect(ring.read(10, all)).toEqual({ kind: 'caught-up' });
  });

  it('leaves what a reader still writes alone when the frame is dropped and more are appended', () => {
    const ring = new FrameRing({ maxEvents: 1 });
    ring.append('first', 0);
    const held = ring.read(0, all);
    for (let n = 0; n < 1000; n++) ring.append(`later ${n}`, n);
    expect(held.kind === 'batch' && Buffer.from(held.bytes).toString()).toBe('first');
  });

  it('goes on with the next sequence after everything was dropped or reset', () => {
    const ring = new FrameRing();
    ring.append('a', 0);
    ring.dropOldest();
    ring.dropOldest();
    expect([ring.oldest, ring.head, ring.bytes]).toEqual([2, 1, 0]);
    expect(ring.append('b', 0)).toBe(2);
    ring.reset(41);
    expect([ring.oldest, ring.head, ring.oldestUnixMs]).toEqual([42, 41, null]);
    expect(ring.append('c', 0)).toBe(42);
  });

  it('appends to a full ring of 100,000 and finds a cursor in it in constant time', () => {
    const cost = (size: number) => {
      const ring = new FrameRing({ maxEvents: size });
      for (let n = 0; n < size; n++) ring.append('x', n);
      const rounds = 20_000;
      const started = performance.now();
      for (let n = 0; n < rounds; n++) {
        ring.append('x', n);
        ring.read(ring.head - (n % size) - 1, { maxEvents: 1, maxBytes: 1 });
      }
      return ((performance.now() - started) * 1000) / rounds;
    };
    cost(1000);
    const micros = Math.min(cost(100_000), cost(100_000), cost(100_000));
    // A scan or a copy of the array costs 1,000 µs and more.
    expect(micros).toBeLessThan(100);
  });
});
