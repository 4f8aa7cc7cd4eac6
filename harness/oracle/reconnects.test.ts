import { describe, expect, it } from 'vitest';
import type { HistoryRecord } from '../history/types.ts';
import { checkers } from './judge.ts';

const event = (kind: 'delivered' | 'processed', at: number, id: string): HistoryRecord => ({
  at,
  kind,
  subject: 'kit',
  stream: 's',
  id,
  type: 'tick',
  digest: id,
});
const request = (at: number, connection: string, lastEventId: string | null): HistoryRecord => ({
  at,
  kind: 'request',
  connection,
  method: 'GET',
  url: '/s',
  lastEventId,
});
const open = (at: number, attempt: number, lastEventId: string | null): HistoryRecord => ({
  at,
  kind: 'open',
  subject: 'kit',
  stream: 's',
  attempt,
  status: 200,
  lastEventId,
});
const produced = (at: number, id: string): HistoryRecord => ({
  at,
  kind: 'produced',
  stream: 's',
  id,
  type: 'tick',
  digest: id,
});
const got = (at: number, id: string) => [event('delivered', at, id), event('processed', at + 0.4, id)];

describe('a client that is told to connect again as soon as it is open', () => {
  /** The second connection lives for 4 ms, which is less than clocks may differ. */
  const history = (cursor: string): readonly HistoryRecord[] => [
    request(0, 'c1', null),
    open(1, 1, null),
    ...['1', '2', '3', '4'].map((id, index) => produced([10, 104, 150, 160][index] ?? 0, id)),
    ...got(11, '1'),
    request(100, 'c2', '1'),
    open(104, 2, '1'),
    ...got(104.1, '2'),
    request(108, 'c3', cursor),
    open(140, 3, cursor),
    ...got(151, '3'),
    ...got(161, '4'),
  ];

  it('may send what it committed in between', () => {
    expect(checkers.resume(history('2'), { guarantee: 'effectively-once' })).toMatchObject({
      valid: true,
      counts: { resumes: 2, exact: 2 },
    });
  });

  it('is still convicted of a cursor ahead of what it committed', () => {
    expect(checkers.resume(history('3'), { guarantee: 'effectively-once' }).valid).toBe(false);
  });
});
