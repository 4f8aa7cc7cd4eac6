import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogBounds } from './replay-log.ts';
import { planFallOff, planResume, readCursor } from './resume.ts';

const bounds: LogBounds = {
  epoch: 'epoch-01',
  oldest: 12,
  head: 41,
  bytes: 1,
  oldestUnixMs: 0,
  ended: false,
};
const plan = (text: string | null, allowed = true) =>
  planResume(readCursor(text, 1024), bounds, 'head', allowed);
const at = (seq: number) => ({ epoch: 'epoch-01', seq });

describe('planResume', () => {
  it('begins at the head without a cursor, or before the oldest where that is asked for', () => {
    expect(plan(null)).toEqual({ outcome: 'fresh', start: at(41), primer: at(41) });
    expect(plan('')).toMatchObject({ outcome: 'fresh' });
    expect(planResume({ kind: 'none' }, bounds, 'oldest')).toMatchObject({ outcome: 'fresh', start: at(11) });
  });

  it.each([11, 12, 40, 41])('continues exactly after %i, which the log still reaches', (seq) => {
    expect(plan(`epoch-01.${seq}`)).toEqual({ outcome: 'ok', start: at(seq), primer: at(seq) });
  });

  it.each([
    ['epoch-01.10', 'expired', 11, 1],
    ['epoch-01.0', 'expired', 11, 11],
    ['epoch-01.42', 'unknown', 41, null],
    ['epoch-02.41', 'epoch-changed', 11, null],
    ['epoch-01.041', 'malformed', 41, null],
    ['epoch-01.41 ', 'malformed', 41, null],
    [`epoch-01.${'1'.repeat(2000)}`, 'malformed', 41, null],
  ])(
    'cannot continue after %.30s: %s, and goes on after %i with %s missed',
    (cursor, reason, seq, missed) => {
      const { outcome, start, loss } = plan(cursor);
      expect({ outcome, start, reason: loss?.reason, missed: loss?.missed, from: loss?.from }).toEqual({
        outcome: 'gap',
        start: at(seq),
        reason,
        missed,
        from: `epoch-01.${seq}`,
      });
    },
  );

  it('replays nothing to a client that may not resume, whatever it asks for', () => {
    for (const cursor of ['epoch-01.12', 'epoch-01.0', 'garbage', 'epoch-02.1']) {
      expect(plan(cursor, false)).toMatchObject({
        start: at(41),
        loss: { reason: 'forbidden', missed: null },
      });
    }
  });

  it('accounts for every event: what is lost and what follows add up to the distance', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.nat(100), fc.nat(100), (seq, held, gone) => {
        const log = { ...bounds, oldest: gone + 1, head: gone + held };
        const { start, loss } = planResume(readCursor(`epoch-01.${seq}`, 1024), log, 'head');
        if (seq <= log.head) expect((loss?.missed ?? 0) + (log.head - start.seq)).toBe(log.head - seq);
        else expect(loss).toMatchObject({ reason: 'unknown' });
      }),
    );
  });

  it('never throws, and quotes hostile cursors shortened and escaped', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.constant('\0'.repeat(5000))),
        (text) => {
          const requested = plan(text).loss?.requested ?? '';
          expect(requested.length).toBeLessThan(160);
          // biome-ignore lint/suspicious/noControlCharactersInRegex: that is the point
          expect(requested).not.toMatch(/[\x00-\x1f]/);
        },
      ),
    );
  });

  it('tells a live reader how much it lost', () => {
    expect(planFallOff(at(5), bounds)).toMatchObject({
      start: at(11),
      loss: { reason: 'too-slow', requested: null, missed: 6 },
    });
    expect(planFallOff({ epoch: 'epoch-00', seq: 5 }, bounds)).toMatchObject({
      loss: { reason: 'epoch-changed' },
    });
  });
});
