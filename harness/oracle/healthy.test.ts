import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HistoryRecord, PLAYED } from '../history/types.ts';
import { formatVerdict } from './format.ts';
import { judge } from './judge.ts';
import { request, resends } from './seeded/case.ts';
import { honestLiveLoss, honestLoss } from './seeded/resume.ts';
import { healthyRun, id, type RunOptions, STRICT, T0 } from './testing/build.ts';
import { changed, find, plus, without } from './testing/edit.ts';
import type { Expectation, Records } from './types.ts';

/** What is left of the strict expectation when the run is random: no counts and times that depend on its shape. */
const ANY_SHAPE: Expectation = { guarantee: 'effectively-once', budget: { requestsPerSecond: 100 } };

function expectAcquitted(history: Records, expectation: Expectation): void {
  const verdict = judge(history, expectation);
  expect(formatVerdict(verdict)).toBe('');
  expect(verdict.verdict).toBe(true);
}

describe('a healthy history', () => {
  it('is acquitted by every check, and every check really looked', () => {
    const verdict = judge(healthyRun(), STRICT);
    expect(formatVerdict(verdict)).toBe('');
    expect(verdict.verdict).toBe(true);
    const idle = Object.entries(verdict.checks).filter(([, check]) => !check.applied);
    expect(idle.map(([name]) => name).sort()).toEqual(['announced-loss', 'history']);
  });

  it('may hold the requests that a browser repeats by itself when a server accepts and closes', () => {
    // Three attempts of ten requests each, as Firefox makes them, would be a hot loop of thirty.
    const attempt = (laterMs: number) =>
      resends(10).map((record) => {
        const moved = { ...record, at: record.at + laterMs };
        return 'connection' in moved ? { ...moved, connection: `${moved.connection}+${laterMs}` } : moved;
      }) as Records;
    const history = plus(healthyRun(), ...attempt(0), ...attempt(50), ...attempt(100));
    const verdict = judge(history, { ...STRICT, budget: { attempts: { max: 5 } } });
    expect(formatVerdict(verdict)).toBe('');
    expect(verdict.checks.attempts?.counts.most).toBe(5);
  });

  it('may end with a page that slept while its picture was taken, but not be played so', () => {
    const run = healthyRun();
    const endMs = Math.max(...run.map(({ at }) => at)) - T0;
    const last = run.findLast((record) => record.kind === 'processed')?.id ?? '';
    const woken = [
      { at: T0 + endMs + 3400, kind: 'liveness', subject: 'kit', cause: 'sleep', silentMs: 3300 },
      request(endMs + 3500, last),
      request(endMs + 3501, last),
    ] as const satisfies Records;
    const verdicts = [1, 3600].map((afterMs) =>
      judge(plus(run, ...woken, { at: T0 + endMs + afterMs, kind: 'note', text: PLAYED }), {
        ...STRICT,
        budget: { attempts: { max: 2 }, herdPeakPer100Ms: 1 },
        silence: { deadlineMs: 1000, alarm: 'none' },
      }),
    );
    expect(verdicts.map(({ failed }) => failed)).toEqual([[], ['alarm', 'attempts', 'herd']]);
  });

  it('may lose what it announces exactly, under announced-loss', () => {
    const verdict = judge(honestLoss(), { ...STRICT, guarantee: 'announced-loss' });
    expect(formatVerdict(verdict)).toBe('');
    expect(verdict.checks.loss?.counts.announced).toBe(2);
  });

  it('may announce what a live connection lost, without a cursor that was asked for', () => {
    const verdict = judge(honestLiveLoss(), { ...STRICT, guarantee: 'announced-loss' });
    expect(formatVerdict(verdict)).toBe('');
    expect(verdict.checks.loss?.counts.announced).toBe(2);
  });

  it('may announce a loss while events that came before it still wait for their handler', () => {
    const slow = [8, 9, 10].reduce(
      (history, n) => changed(history, { kind: 'processed', id: id(n) }, { at: T0 + 1256 + n / 10 }),
      honestLiveLoss(),
    );
    const behind = changed(slow, { kind: 'open', attempt: 2 }, { cursor: id(7), lastEventId: id(7) });
    const verdict = judge(behind, { ...STRICT, guarantee: 'announced-loss' });
    expect(verdict.checks['announced-loss']).toMatchObject({ valid: true, applied: true });
    expect(verdict.checks.loss?.counts).toMatchObject({ lost: 0, announced: 2 });
  });

  it('may announce a new epoch with an unknown number, up to the first event of that epoch', () => {
    const renamed = healthyRun().map((r) => {
      const n = 'id' in r ? Number(String(r.id).split('.')[1]) : 0;
      return n > 12 ? ({ ...r, id: id(n - 12, 'epochBBB') } as HistoryRecord) : r;
    });
    const lost = without(
      without(renamed, { kind: 'wire' }, { kind: 'heartbeat' }),
      ...[11, 12].flatMap((n) => [
        { kind: 'delivered', id: id(n) } as const,
        { kind: 'processed', id: id(n) } as const,
      ]),
    );
    const history = plus(lost, {
      at: T0 + 1256,
      kind: 'announced',
      subject: 'kit',
      what: 'cannot-resume',
      reason: 'epoch-changed',
      missed: null,
      after: id(10),
      from: id(0, 'epochBBB'),
    });
    const expectation: Expectation = {
      ...STRICT,
      guarantee: 'announced-loss',
      silence: { deadlineMs: 2000 },
      announced: { missed: null, reasons: ['epoch-changed'] },
    };
    expectAcquitted(history, expectation);
    // The announcement covers the old epoch only: a hole in the new one is silent.
    const hole = without(history, { kind: 'processed', id: id(1, 'epochBBB') });
    expect(judge(hole, expectation).failed).toEqual(['loss']);
  });

  it('may redeliver with a flag after a crash, under at-least-once', () => {
    const history = plus(healthyRun(), {
      ...find(healthyRun(), { kind: 'processed', id: id(10) }),
      at: T0 + 1255.3,
      redelivery: true,
    });
    expectAcquitted(history, { ...STRICT, guarantee: 'at-least-once' });
  });

  it('may recover an event whose acknowledgement was lost with the server', () => {
    const ghost = find(healthyRun(), { kind: 'processed', id: id(12) });
    const history = plus(
      without(healthyRun(), { kind: 'produced', id: id(12) }),
      ...[11, 12].map(
        (n): HistoryRecord => ({
          at: T0 + n * 100 - 1,
          kind: 'publishing',
          stream: 's',
          type: 'tick',
          digest: n === 12 ? ghost.digest : 'acknowledged',
        }),
      ),
    );
    const verdict = judge(history, STRICT);
    expect(formatVerdict(verdict)).toBe('');
    expect(verdict.checks.unexpected?.counts.recovered).toBe(1);
  });

  it('may commit a handler that finishes while the client is already reconnecting', () => {
    const late = changed(healthyRun(), { kind: 'processed', id: id(10) }, { at: T0 + 1150 });
    expectAcquitted(late, STRICT);
    const asked = changed(late, { kind: 'request', connection: 'kit-s-c2' }, { lastEventId: id(9) });
    const repeated = find(late, { kind: 'delivered', id: id(10) });
    expectAcquitted(plus(asked, { ...repeated, at: T0 + 1255.1 }), {
      ...STRICT,
      // The repetition is put into what the client says, not into the bytes.
      budget: { ...STRICT.budget, duplicatesOnWire: 1, holesOnWire: 1 },
    });
  });

  it('may hand an event to the dead letters instead of the handler', () => {
    const taken = find(healthyRun(), { kind: 'processed', id: id(5) });
    const history = plus(without(healthyRun(), { kind: 'processed', id: id(5) }), {
      at: taken.at,
      kind: 'dead-letter',
      subject: 'kit',
      stream: 's',
      id: id(5),
      reason: 'ERR_ENVELOPE_JSON',
    });
    expectAcquitted(history, STRICT);
  });

  it('owes nothing after a give-up that the scenario allows', () => {
    const after = T0 + 1060;
    const gone = healthyRun().filter((r) => r.at < after || !('subject' in r));
    const history = plus(gone, { at: after, kind: 'give-up', subject: 'kit', reason: 'attempts' });
    const expectation: Expectation = { guarantee: 'effectively-once', giveUp: 'required', sentinel: false };
    expectAcquitted(history, expectation);
    expect(judge(history, { guarantee: 'effectively-once', sentinel: false }).failed).toEqual([
      'loss',
      'give-up',
    ]);
  });

  it('is not called silent for the time in which the subject slept', () => {
    const awake = healthyRun({ cuts: [] });
    const asleep = awake.map((r): HistoryRecord => (r.at >= T0 + 1050 ? { ...r, at: r.at + 60_000 } : r));
    const expectation: Expectation = { guarantee: 'effectively-once', silence: { deadlineMs: 600 } };
    expect(judge(asleep, expectation).failed).toEqual(['silence']);
    const said = plus(
      asleep,
      { at: T0 + 1050, kind: 'state', subject: 'kit', state: 'frozen' },
      { at: T0 + 61_049, kind: 'state', subject: 'kit', state: 'open' },
    );
    expectAcquitted(said, expectation);
  });
});

const runs: fc.Arbitrary<RunOptions> = fc.record({
  subjects: fc.constantFrom(['kit'], ['kit', 'other']),
  streams: fc.constantFrom(['s'], ['s', 't']),
  events: fc.integer({ min: 3, max: 40 }),
  // At least 600 ms apart, so that one cut is over before the next.
  cuts: fc
    .array(fc.integer({ min: 0, max: 400 }), { maxLength: 4 })
    .map((offsets) => offsets.map((offset, i) => 300 + i * 1000 + offset)),
  backoffMs: fc.integer({ min: 10, max: 400 }),
});
const finite = (options: RunOptions): RunOptions => ({
  ...options,
  cuts: (options.cuts ?? []).filter((cut) => cut < (options.events ?? 0) * 100),
});

describe('random runs', () => {
  it('with random cuts are acquitted', () => {
    fc.assert(
      fc.property(runs, (options) => expectAcquitted(healthyRun(finite(options)), ANY_SHAPE)),
      { numRuns: 150 },
    );
  });

  it('with repetitions that the client drops are acquitted within the budget and convicted beyond it', () => {
    fc.assert(
      fc.property(runs, fc.integer({ min: 1, max: 5 }), (options, overlap) => {
        const history = healthyRun({ ...finite(options), overlap });
        const most = { resumeOverlap: overlap, duplicatesOnWire: 1000, requestsPerSecond: 100 };
        expectAcquitted(history, { guarantee: 'effectively-once', budget: most });
        const repeats = history.filter((r) => r.kind === 'deduped').length;
        const strict = { ...most, duplicatesOnWire: 0 };
        const verdict = judge(history, { guarantee: 'effectively-once', budget: strict });
        expect(verdict.failed).toEqual(repeats === 0 ? [] : ['wire-duplicates']);
      }),
      { numRuns: 100 },
    );
  });

  it('convict the deletion of any one processed event', () => {
    fc.assert(
      fc.property(runs, fc.nat(), (options, pick) => {
        const history = healthyRun(finite(options));
        const processed = history.filter((r) => r.kind === 'processed');
        const gone = processed[pick % processed.length];
        const verdict = judge(
          history.filter((r) => r !== gone),
          ANY_SHAPE,
        );
        expect(verdict.verdict).toBe(false);
        expect(verdict.failed).toContain(gone?.type === 'sentinel' ? 'sentinel' : 'loss');
      }),
      { numRuns: 150 },
    );
  });

  it('convict any one repeated processing, wherever it is put', () => {
    fc.assert(
      fc.property(runs, fc.nat(), fc.integer({ min: 0, max: 500 }), (options, pick, delay) => {
        const history = healthyRun(finite(options));
        const processed = history.filter((r) => r.kind === 'processed');
        const twice = processed[pick % processed.length];
        if (!twice) throw new Error('nothing processed');
        expect(judge(plus(history, { ...twice, at: twice.at + delay }), ANY_SHAPE).failed).toContain(
          'duplicates',
        );
      }),
      { numRuns: 100 },
    );
  });
});
