import { describe, expect, it } from 'vitest';
import type { HistoryRecord } from '../history/types.ts';
import { checkers } from './judge.ts';
import { subscribedWithFirst, withObservedTruth, withoutTail } from './truth.ts';
import type { Expectation } from './types.ts';

const EXPECTATION: Expectation = { guarantee: 'effectively-once', sentinel: false, nothingOwed: 'unknown' };
const event = (kind: 'delivered' | 'processed', subject: string, at: number, id: string): HistoryRecord => ({
  at,
  kind,
  subject,
  stream: 's',
  id,
  type: 'tick',
  digest: `digest of ${id}`,
});
const observed = (at: number, id: string) => event('delivered', 'control', at, id);
const got = (at: number, id: string) => [
  event('delivered', 'kit', at, id),
  event('processed', 'kit', at + 1, id),
];
const open = (at: number, cursor: string | null = null): HistoryRecord => ({
  at,
  kind: 'open',
  subject: 'kit',
  stream: 's',
  attempt: 1,
  cursor,
  lastEventId: null,
});
const lost = (history: readonly HistoryRecord[]) => checkers.loss(history, EXPECTATION);

describe('what an observer saw', () => {
  it('is not owed to a client before the first event that it got', () => {
    // 1 reached the observer late: it was sent before the client subscribed.
    const history = withObservedTruth(
      [open(10), observed(30, '1'), observed(40, '2'), ...got(41, '2')],
      'control',
    );
    expect(lost(history)).toMatchObject({ valid: false, counts: { lost: 1 } });
    expect(lost(subscribedWithFirst(history, 'kit'))).toMatchObject({ valid: true, counts: { owed: 1 } });
  });

  it('is owed from where the server says that the subscription begins', () => {
    const history = withObservedTruth(
      [observed(5, 'e.1'), open(10, 'e.1'), observed(30, 'e.2'), observed(40, 'e.3'), ...got(41, 'e.3')],
      'control',
    );
    expect(lost(subscribedWithFirst(history, 'kit'))).toMatchObject({ valid: false, counts: { lost: 1 } });
  });

  it('is owed again after the first event, whatever happened then', () => {
    const history = withObservedTruth(
      [open(10), observed(40, '2'), ...got(41, '2'), observed(50, '3'), observed(60, '4'), ...got(61, '4')],
      'control',
    );
    expect(lost(subscribedWithFirst(history, 'kit'))).toMatchObject({ valid: false, counts: { lost: 1 } });
  });

  it('is on its way at the end, unless a later one has overtaken it', () => {
    const start = [open(10), observed(20, '1'), ...got(21, '1'), observed(30, '2')];
    const late = withObservedTruth(start, 'control');
    expect(lost(withoutTail(late, 25))).toMatchObject({ valid: true });
    const overtaken = withObservedTruth([...start, observed(40, '3'), ...got(41, '3')], 'control');
    expect(lost(withoutTail(overtaken, 25))).toMatchObject({ valid: false, counts: { lost: 1 } });
  });

  it('decides nothing when it has no ids', () => {
    const history = withObservedTruth([open(10), observed(20, ''), ...got(21, '')], 'control');
    expect(lost(history)).toMatchObject({ valid: 'unknown' });
  });
});
