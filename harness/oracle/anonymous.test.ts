import { describe, expect, it } from 'vitest';
import { digestData } from '../history/digest.ts';
import type { HistoryRecord } from '../history/types.ts';
import { checkers } from './judge.ts';
import type { Expectation } from './types.ts';

const expectation: Expectation = { guarantee: 'effectively-once', budget: { duplicatesOnWire: 0 } };

const sent = (body: string): HistoryRecord => ({
  at: 1,
  kind: 'wire',
  tap: 'client',
  connection: 'c1',
  direction: 'down',
  event: 'bytes',
  base64: Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n${body}`).toString('base64'),
});
const seen = (kind: 'delivered' | 'processed', at: number, data: string): HistoryRecord => ({
  at,
  kind,
  subject: 'kit',
  stream: 's',
  id: '',
  type: 'message',
  digest: digestData(data),
});

describe('events without an id', () => {
  it('are told by what they say: one that never passed the tap is made up', () => {
    const honest = [sent('data: one\n\n'), seen('delivered', 2, 'one')];
    expect(checkers.fabricated(honest, expectation)).toMatchObject({ valid: true, applied: true });
    const lie = [sent('data: one\n\n'), seen('delivered', 2, 'two')];
    expect(checkers.fabricated(lie, expectation).valid).toBe(false);
  });

  it('do not borrow the name of one that has an id', () => {
    const lie = [sent('id: 1\ndata: one\n\n'), seen('delivered', 2, 'one')];
    expect(checkers.fabricated(lie, expectation).valid).toBe(false);
  });

  it('are never repetitions: nobody can tell', () => {
    const twice = [
      seen('delivered', 2, 'one'),
      seen('processed', 3, 'one'),
      seen('delivered', 4, 'one'),
      seen('processed', 5, 'one'),
    ];
    expect(checkers.duplicates(twice, expectation).valid).toBe(true);
    expect(checkers['wire-duplicates'](twice, expectation).valid).toBe(true);
  });
});
