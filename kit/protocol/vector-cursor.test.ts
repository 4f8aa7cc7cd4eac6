import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePosition } from './position.ts';
import { formatVector, MAX_VECTOR_LENGTH, ownEntry, ownPosition, parseVector } from './vector-cursor.ts';

const position = { epoch: '9sVt3kQ1zXw_aB-c', seq: 42 };

describe('vector cursor', () => {
  it('names each stream and its position, the own stream first', () => {
    const text = formatVector([
      { stream: 'orders', position },
      { stream: 'chat/room 1', position: { epoch: 'Zr81mmPq-77aLkEw', seq: 7 } },
    ]);
    expect(text).toBe('orders=9sVt3kQ1zXw_aB-c.42;chat%2Froom%201=Zr81mmPq-77aLkEw.7');
  });

  it('round-trips any names, as visible ASCII, and is never a position', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 8 }), fc.nat(), (names, seq) => {
        const entries = names.map((stream) => ({ stream, position: { ...position, seq } }));
        const text = formatVector(entries);
        expect(text).toMatch(/^[\x21-\x7e]+$/);
        expect(parsePosition(text)).toBeNull();
        expect(parseVector(text)).toEqual(entries);
      }),
    );
  });

  it.each([
    '',
    '9sVt3kQ1zXw_aB-c.42',
    '=9sVt3kQ1zXw_aB-c.42',
    'a=9sVt3kQ1zXw_aB-c.42;',
    'a=9sVt3kQ1zXw_aB-c.42;a=9sVt3kQ1zXw_aB-c.43',
    'a=9sVt3kQ1zXw_aB-c.042',
    '%zz=9sVt3kQ1zXw_aB-c.42',
    `${'x'.repeat(MAX_VECTOR_LENGTH)}=9sVt3kQ1zXw_aB-c.42`,
  ])('is not read from %.40j', (text) => {
    expect(parseVector(text)).toBeNull();
  });

  it('refuses to write what it would not read', () => {
    expect(() => formatVector([])).toThrow(/1 to 4096/);
    expect(() => formatVector([{ stream: 'x'.repeat(5000), position }])).toThrow(/1 to 4096/);
  });

  it('says which entry is the frame’s own, and a position is its own', () => {
    const text = 'a=9sVt3kQ1zXw_aB-c.42;b=Zr81mmPq-77aLkEw.7';
    expect([ownEntry(text), ownPosition(text)]).toEqual(['a=9sVt3kQ1zXw_aB-c.42', position]);
    expect(ownPosition('9sVt3kQ1zXw_aB-c.42')).toEqual(position);
    expect([ownEntry('opaque'), ownPosition('opaque'), ownPosition('a=b')]).toEqual(['opaque', null, null]);
  });
});
