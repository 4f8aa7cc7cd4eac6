import { describe, expect, it } from 'vitest';
import type { HistoryRecord } from '../history/types.ts';
import { createTally } from './tally.ts';

const heartbeat = (subject: string): HistoryRecord => ({ at: 1, kind: 'heartbeat', subject, head: null });

describe('a tally', () => {
  it('counts by kind and subject, also what came since it was last asked', () => {
    const records: HistoryRecord[] = [heartbeat('a'), heartbeat('b'), { at: 2, kind: 'note', text: 'a' }];
    const tally = createTally(records);
    expect(tally.count('heartbeat', 'a')).toBe(1);
    records.push(heartbeat('a'), { at: 3, kind: 'give-up', subject: 'a', reason: 'final' });
    expect(tally.count('heartbeat', 'a')).toBe(2);
    expect(tally.count('heartbeat', 'a')).toBe(2);
    expect(tally.count('give-up', 'a')).toBe(1);
    expect(tally.count('heartbeat', 'c')).toBe(0);
  });

  it('looks at each record once', () => {
    let looks = 0;
    const watched = new Proxy([heartbeat('a'), heartbeat('a')], {
      get(target, name, receiver) {
        if (name === '0' || name === '1') looks++;
        return Reflect.get(target, name, receiver) as unknown;
      },
    });
    const tally = createTally(watched);
    for (let ask = 0; ask < 10; ask++) tally.count('heartbeat', 'a');
    expect(looks).toBe(2);
  });
});
