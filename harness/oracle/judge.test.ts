import { describe, expect, it } from 'vitest';
import { formatSlice, formatVerdict } from './format.ts';
import { checkers, judge } from './judge.ts';
import { fail, MAX_EVIDENCE, pass, undecided, worst } from './results.ts';
import { healthyRun, id, STRICT, T0 } from './testing/build.ts';
import { changed, plus, without } from './testing/edit.ts';
import { withObservedTruth } from './truth.ts';
import type { Records } from './types.ts';

const history = healthyRun();
const yes = () => pass('yes');
const no = () => fail('no', history);
const perhaps = () => undecided('perhaps');
const crash = () => {
  throw new TypeError('boom');
};

describe('composition', () => {
  it('lets false outweigh unknown, and unknown outweigh true', () => {
    expect(judge(history, STRICT, { checkers: { yes } }).verdict).toBe(true);
    expect(judge(history, STRICT, { checkers: { yes, perhaps } }).verdict).toBe('unknown');
    expect(judge(history, STRICT, { checkers: { perhaps, no, yes } }).verdict).toBe(false);
    expect(worst([])).toBe(true);
  });

  it('calls a crashed checker unknown, with its error', () => {
    const verdict = judge(history, STRICT, { checkers: { yes, crash } });
    expect(verdict.verdict).toBe('unknown');
    expect(verdict.checks.crash).toMatchObject({ valid: 'unknown', error: 'TypeError: boom' });
  });

  it('decides nothing from an empty history', () => {
    expect(judge([], STRICT).verdict).toBe('unknown');
  });

  it('lets a scenario mean to fail a check: it passes when that finds something, and only then', () => {
    const lossy = without(history, { kind: 'processed', id: id(5) });
    const meant = { ...STRICT, convicts: ['loss'] } as const;
    expect(judge(lossy, meant)).toMatchObject({
      verdict: true,
      checks: { loss: { summary: expect.stringMatching(/^found, as intended/) } },
    });
    expect(judge(history, meant)).toMatchObject({ verdict: false, failed: ['loss'] });
  });

  it('gives the same verdict whatever the order in which the parties wrote', () => {
    const lossy = changed(history, { kind: 'processed', id: id(5) }, { digest: 'ffff' });
    expect(
      judge(
        lossy.toReversed().sort((a, b) => a.kind.localeCompare(b.kind)),
        STRICT,
      ).failed,
    ).toEqual(['corruption']);
  });

  it('judges a history longer than the arguments that a call takes', () => {
    const [event] = history.filter((r) => r.kind === 'processed');
    const long = Array.from({ length: 200_000 }, () => event as Records[number]);
    expect(checkers.attempts([...history, ...long], STRICT)).toMatchObject({ valid: true });
  });

  it('keeps evidence short', () => {
    const none = history.filter((r) => r.kind !== 'processed' || r.type === 'sentinel');
    const { evidence, counts } = judge(none, STRICT).checks.loss ?? no();
    expect(counts.lost).toBe(20);
    expect(evidence.length).toBeLessThanOrEqual(MAX_EVIDENCE);
  });
});

describe('black-box truth', () => {
  it('takes what the observer saw for what was produced', () => {
    const both = healthyRun({ subjects: ['observer', 'app'] }).filter((r) => r.kind !== 'produced');
    const truth = withObservedTruth(both, 'observer', 'sentinel');
    const expectation = { guarantee: 'effectively-once', streams: { app: ['s'] } } as const;
    expect(formatVerdict(judge(truth, expectation))).toBe('');
    expect(judge(truth, expectation).checks.loss?.counts.owed).toBe(20);
    const lossy = without(truth, { kind: 'processed', subject: 'app', id: id(5) });
    expect(judge(lossy, expectation).failed).toEqual(['loss']);
  });

  const seen = (kind: 'delivered' | 'processed', subject: string, afterMs: number, id: string, n: number) =>
    ({ at: T0 + afterMs, kind, subject, stream: 's', id, type: 'tick', digest: `digest ${n}` }) as const;
  const opened = { at: T0, kind: 'open', subject: 'app', stream: 's', attempt: 1 } as const;

  it('owes nothing without an id by name: what cannot be told apart decides nothing', () => {
    const nameless = [1, 2, 3].map((n) => seen('delivered', 'observer', n * 100, '', n));
    const truth = withObservedTruth([opened, ...nameless, seen('processed', 'app', 102, '', 1)], 'observer');
    for (const name of ['loss', 'duplicates', 'order'] as const) {
      expect(checkers[name](truth, STRICT), name).toMatchObject({ applied: false });
    }
    expect(checkers.unexpected(truth, STRICT)).toMatchObject({ valid: true, applied: true });
  });

  it('knows that an EventSource says the last id where an event has none', () => {
    const ping = (afterMs: number) => [
      seen('delivered', 'observer', afterMs, '', 0),
      seen('processed', 'app', afterMs + 2, 'e.1', 0), // the id of the event before
    ];
    const event = [seen('delivered', 'observer', 100, 'e.1', 1), seen('processed', 'app', 102, 'e.1', 1)];
    const truth = withObservedTruth([opened, ...event, ...ping(200), ...ping(300)], 'observer');
    expect(checkers.duplicates(truth, STRICT)).toMatchObject({ valid: true, counts: { processed: 1 } });
    const again = withObservedTruth([opened, ...event, { ...event[1], at: T0 + 400 }] as Records, 'observer');
    expect(checkers.duplicates(again, STRICT).valid).toBe(false);
  });
});

describe('texts for people', () => {
  it('put the offending slice under the check that convicts', () => {
    const text = formatVerdict(
      judge(plus(history, { at: T0 + 2610, kind: 'give-up', subject: 'kit', reason: 'tired' }), STRICT),
    );
    expect(text).toBe('✗ give-up: gave up: kit: tired\n      +0.000s  kit  give-up     reason=tired');
  });

  it('align a slice and leave payload bytes out', () => {
    const text = formatSlice([
      {
        at: 1000,
        kind: 'wire',
        tap: 't',
        connection: 'c',
        direction: 'down',
        event: 'bytes',
        bytes: 4,
        base64: 'QUJD',
      },
      { at: 2234, kind: 'deduped', subject: 'kit', stream: 's', id: 'e.1' },
    ]);
    expect(text).toBe(
      '  +0.000s       wire        tap=t connection=c direction=down event=bytes bytes=4\n  +1.234s  kit  deduped    e.1 stream=s',
    );
  });
});
