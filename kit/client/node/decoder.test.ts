import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeDecoder } from './decoder.ts';

describe('the decoder of Node', () => {
  it('gives the same text as one TextDecoder over the whole, however the bytes are cut', () => {
    const pieces = fc.array(
      fc.oneof(
        fc
          .tuple(fc.string({ unit: 'binary', maxLength: 9 }), fc.nat(90))
          .map(([text, times]) => Buffer.from(text.repeat(times))),
        fc.nat(900).map((length) => Buffer.alloc(length, 'data: ascii\n')),
        fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
      ),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(pieces, fc.array(fc.integer({ min: 1, max: 1500 }), { minLength: 1 }), (parts, cuts) => {
        // An end in ASCII, so that nothing is left to a flush that a stream never has.
        const bytes = Buffer.concat([...parts, Buffer.from('.')]);
        const decoder = nodeDecoder();
        let text = '';
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const next = at + Number(cuts[turn % cuts.length]);
          text += decoder.write(bytes.subarray(at, next));
          at = next;
        }
        expect(text).toBe(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
      }),
    );
  });
});
