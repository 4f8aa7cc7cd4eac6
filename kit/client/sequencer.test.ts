import { describe, expect, it } from 'vitest';
import { createDedupeWindow } from './core/dedupe-window.ts';
import { WireEvent } from './event.ts';
import { createSequencer, type OrderPolicy } from './sequencer.ts';

/** What a sequencer says and does about positions that come in this order. */
function sequence(late: OrderPolicy['late'], seqs: readonly (number | string)[], events = 100): string[] {
  const log: string[] = [];
  const window = createDedupeWindow({ size: 10, ttlMs: Number.POSITIVE_INFINITY });
  const policy: OrderPolicy = { by: 'sequence', late, bufferEvents: events, bufferMs: 1000 };
  const sequencer = createSequencer(policy, window, {
    deliver: ({ id }, cursor) => log.push(`deliver ${short(id)}, cursor ${short(cursor)}`),
    move: (cursor) => log.push(`cursor ${short(cursor)}`),
    fact: (fact) => {
      if (fact.kind === 'gap') log.push(`gap of ${fact.missed}`);
      else if (fact.kind === 'out-of-order') log.push(`${short(fact.id)} ${fact.action}`);
      else if (fact.kind === 'duplicate') log.push(`${short(fact.id)} seen before`);
    },
  });
  for (const seq of seqs) {
    sequencer.accept(
      new WireEvent('t', typeof seq === 'string' ? seq : `epochone.${seq}`, '1', { format: 'auto', url: '' }),
      () => 0,
    );
  }
  return log;
}

const short = (id: string | null): string => id?.replace('epochone.', '') ?? 'none';

describe('a position that comes after a later one', () => {
  it('is delivered late, and said to be, by the policy `deliver`; the cursor does not go back', () => {
    expect(sequence('deliver', [1, 3, 2, 4])).toEqual([
      'deliver 1, cursor 1',
      'gap of 1',
      'cursor 2',
      'deliver 3, cursor 3',
      '2 delivered',
      'deliver 2, cursor 3',
      'deliver 4, cursor 4',
    ]);
  });

  it('is dropped, and said to be, by the policy `drop`', () => {
    expect(sequence('drop', [1, 3, 2]).slice(-2)).toEqual(['deliver 3, cursor 3', '2 dropped']);
  });

  it('is late once: the next time it was seen before', () => {
    expect(sequence('deliver', [1, 3, 2, 2]).at(-1)).toBe('2 seen before');
  });

  it('is no longer waited for in another epoch', () => {
    expect(sequence('deliver', [1, 3, 'epochtwo.1', 'epochtwo.2', 'epochtwo.2']).at(-1)).toBe(
      'epochtwo.2 seen before',
    );
  });

  it('is remembered within the bound of the buffer and not beyond', () => {
    expect(sequence('drop', [1, 10, 9, 8, 7], 2).slice(-3)).toEqual([
      '9 dropped',
      '8 dropped',
      '7 seen before',
    ]);
  });
});
