import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEpoch, formatPosition, isEpoch, parsePosition, seqOf } from './position.ts';

const epochs = fc.stringMatching(/^[A-Za-z0-9_~-]{8,64}$/);
const positions = fc.record({ epoch: epochs, seq: fc.nat({ max: Number.MAX_SAFE_INTEGER }) });

describe('a position', () => {
  it('comes back from the wire as it went', () => {
    fc.assert(
      fc.property(positions, (position) => {
        expect(parsePosition(formatPosition(position))).toEqual(position);
      }),
    );
  });

  it('has one spelling only: what parses is written back unchanged', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z0-9_~.-]{0,20}\.[0-9]{0,18}$/)),
        (text) => {
          const position = parsePosition(text);
          expect(position === null || formatPosition(position) === text).toBe(true);
        },
      ),
    );
  });

  it.each([
    ['', 'nothing'],
    ['epochepo', 'no sequence'],
    ['epochepo.', 'an empty sequence'],
    ['epochepo.01', 'a leading zero'],
    ['epochepo.-1', 'a negative sequence'],
    ['epochepo.1.5', 'a fraction'],
    ['epochepo.1e3', 'an exponent'],
    ['epochepo.9007199254740992', 'a sequence beyond 2^53 - 1'],
    ['short.1', 'an epoch below 8 characters'],
    [`${'e'.repeat(65)}.1`, 'an epoch above 64 characters'],
    ['epoch epo.1', 'a space in the epoch'],
    ['epochepo.1\n', 'a line ending after it'],
    ['épochépo.1', 'letters outside ASCII'],
  ])('refuses %j: %s', (text) => {
    expect(parsePosition(text)).toBeNull();
  });

  it('reads the place before the first event and the last one that can be counted', () => {
    expect(parsePosition('epochepo.0')).toEqual({ epoch: 'epochepo', seq: 0 });
    expect(parsePosition('epochepo.9007199254740991')?.seq).toBe(Number.MAX_SAFE_INTEGER);
  });

  it.each([
    { epoch: 'short', seq: 1 },
    { epoch: 'epoch.epo', seq: 1 },
    { epoch: 'epochepo', seq: -1 },
    { epoch: 'epochepo', seq: 1.5 },
    { epoch: 'epochepo', seq: Number.NaN },
    { epoch: 'epochepo', seq: 2 ** 53 },
  ])('is not written when it is none: %o', (position) => {
    expect(() => formatPosition(position)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_POSITION', message: expect.stringContaining('epoch') }),
    );
  });
});

describe('a sequence number within an epoch', () => {
  const prefix = 'epoch-01.';
  it('is read exactly from the positions of that epoch', () => {
    fc.assert(
      fc.property(fc.nat(Number.MAX_SAFE_INTEGER), (seq) => {
        expect(seqOf(prefix + seq, prefix)).toBe(seq);
      }),
    );
    for (const id of [
      '',
      prefix,
      `${prefix}01`,
      `${prefix}-1`,
      `${prefix}1x`,
      `${prefix}99999999999999999`,
      'other-01.1',
      '1',
      `${prefix}9007199254740993`,
    ]) {
      expect(seqOf(id, prefix), id).toBe(-1);
    }
    expect(seqOf('1', '')).toBe(-1);
  });
});

describe('a fresh epoch', () => {
  it('is valid whatever the random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const epoch = createEpoch(() => bytes);
        expect(epoch).toHaveLength(16);
        expect(isEpoch(epoch)).toBe(true);
      }),
    );
  });

  it('differs from one incarnation to the next', () => {
    expect(new Set(Array.from({ length: 1000 }, () => createEpoch())).size).toBe(1000);
  });
});
