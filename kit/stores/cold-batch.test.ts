import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { ColdBatch } from './cold-batch.ts';

const fill = (limit: { maxEvents: number; maxBytes: number }, frames: readonly string[]) => {
  const batch = new ColdBatch(7, limit);
  const taken = frames.map((frame, n) => batch.add(frame, 100 + n));
  return { taken, built: batch.build() };
};

describe('a cold batch', () => {
  it('takes frames up to the limits, and the first whatever its size', () => {
    expect(fill({ maxEvents: 2, maxBytes: 100 }, ['aa', 'bb', 'cc']).taken).toEqual([true, true, false]);
    expect(fill({ maxEvents: 9, maxBytes: 3 }, ['aa', 'bb']).taken).toEqual([true, false]);
    expect(fill({ maxEvents: 0, maxBytes: 1 }, ['ž'.repeat(50), 'b']).taken).toEqual([true, false]);
  });

  it('counts bytes and not characters', () => {
    expect(fill({ maxEvents: 9, maxBytes: 5 }, ['ž', 'ž', 'ž']).taken).toEqual([true, true, false]);
  });

  it('says what it holds, and nothing where it holds nothing', () => {
    const { built } = fill({ maxEvents: 9, maxBytes: 100 }, ['a\n\n', 'ž\n\n']);
    expect(built).toMatchObject({ kind: 'batch', firstSeq: 8, lastSeq: 9, firstUnixMs: 100 });
    expect(Buffer.from(built?.bytes ?? []).toString()).toBe('a\n\nž\n\n');
    expect(new ColdBatch(7, { maxEvents: 1, maxBytes: 1 }).build()).toBe(null);
  });
});
