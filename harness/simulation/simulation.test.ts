import { describe, expect, it } from 'vitest';
import type { HistoryRecord } from '../history/types.ts';
import { convict, runCampaign } from './campaign.ts';
import { describeSchedule } from './describe.ts';
import { scheduleOf } from './generate.ts';
import { readSchedule } from './read-schedule.ts';
import { CALM, type Step } from './schedule.ts';
import { shrink } from './shrink.ts';
import { simulate } from './simulate.ts';
import { bugs, SEED } from './testing/bugs.ts';

/** A calm run with these steps. */
async function calm(...steps: readonly Step[]) {
  return simulate({ seed: 1, setup: { ...CALM, heartbeatMs: 1000, store: 'sync' }, steps });
}

const publish: Step = { at: 100, do: 'publish', count: 3, bytes: 40 };

function kinds(history: readonly HistoryRecord[], kind: HistoryRecord['kind']): number {
  return history.filter((record) => record.kind === kind).length;
}

describe('a schedule', () => {
  it.each([0, 5, 6, 24])('number %i gives the same history each time, byte for byte', async (number) => {
    const schedule = scheduleOf(1, number);
    const [first, second] = [await simulate(schedule), await simulate(structuredClone(schedule))];
    expect(first.history.length).toBeGreaterThan(20);
    expect(JSON.stringify(second.history)).toBe(JSON.stringify(first.history));
  });

  it('is decided by its two numbers, and survives JSON', () => {
    const schedule = scheduleOf(7, 3);
    expect(scheduleOf(7, 3)).toEqual(schedule);
    expect(scheduleOf(7, 4)).not.toEqual(schedule);
    expect(readSchedule(JSON.stringify(schedule))).toEqual(schedule);
  });

  it('written by hand may leave out what is calm', async () => {
    const schedule = readSchedule('{"seed": 1, "setup": {"clients": 2}, "steps": []}');
    expect(schedule.setup).toEqual({ ...CALM, clients: 2 });
    expect((await simulate(schedule)).verdict.verdict).toBe(true);
  });

  it.each([
    ['{', 'not JSON'],
    ['{"steps": []}', 'a number `seed`'],
    ['{"seed": 1, "steps": [{"at": 1, "do": "explode"}]}', 'not a step'],
    ['{"seed": 1, "setup": {"colour": 1}, "steps": []}', 'there is no knob "colour"'],
  ])('that is none is refused: %s', (text, why) => {
    expect(() => readSchedule(text)).toThrow(why);
  });

  it('is shown with what is not calm about it', () => {
    const steps: Step[] = [publish, { at: 1500, do: 'vanish', client: 1 }];
    expect(describeSchedule({ seed: 1, setup: { ...CALM, clients: 2 }, steps })).toBe(
      '  setup: clients 2\n' +
        '  #1     0.100 s  publish   count 3, bytes 40\n' +
        '  #2     1.500 s  vanish    client 2\n',
    );
  });
});

describe('the virtual world', () => {
  it.each<[string, Step, (history: readonly HistoryRecord[]) => unknown]>([
    ['cut', { at: 50, do: 'cut', client: 0, how: 'reset', after: 20, inside: 'id' }, endsWith('network')],
    ['cut', { at: 50, do: 'cut', client: 0, how: 'end', after: 0, inside: 'character' }, endsWith('eof')],
    ['vanish', { at: 50, do: 'vanish', client: 0 }, endsWith('no-bytes')],
    ['sleep', sleep('lost'), endsWith('sleep')],
    ['kill', { at: 500, do: 'kill', how: 'reset', keeps: true, ms: 100 }, endsWith('network')],
    ['drain', { at: 500, do: 'drain', withinMs: 200, keeps: true, ms: 100 }, endsWith('eof')],
    ['crash', { at: 50, do: 'crash', client: 0, when: 'handled', ms: 100 }, endsWith('crashed')],
    ['offline', { at: 500, do: 'offline', client: 0, ms: 9000 }, endsWith('no-bytes')],
    ['suspend', { at: 500, do: 'suspend', client: 0, ms: 900 }, (history) => kinds(history, 'open') === 2],
    ['frames', { at: 50, do: 'frames', client: 0, what: 'duplicate', times: 1 }, (h) => kinds(h, 'deduped')],
    ['frames', { at: 50, do: 'frames', client: 0, what: 'swap', times: 1 }, (h) => kinds(h, 'out-of-order')],
    ['frames', { at: 50, do: 'frames', client: 0, what: 'drop', times: 1 }, endsWith('gap')],
    ['hold', { at: 50, do: 'hold', client: 0, ms: 9000 }, endsWith('no-bytes')],
  ])('does what %s says, and the client lives through it', async (name, step, shows) => {
    const { history, verdict } = await calm(publish, step);
    expect(verdict.summary).toMatch(/checks hold/);
    expect(history.filter((r) => r.kind === 'fault').map((r) => `${r.phase} ${r.fault}`)).toEqual([
      `planned ${name}#2`,
      `fired ${name}#2`,
      `healed ${name}#2`,
    ]);
    expect(shows(history)).toBeTruthy();
  });

  it('answers and refuses in the place of the server', async () => {
    const { history, verdict } = await calm(
      { at: 50, do: 'answer', status: 503, retryAfter: 7, times: 1 },
      { at: 100, do: 'reconnect', client: 0 },
      { at: 100, do: 'refuse', ms: 9000 },
      publish,
    );
    expect(verdict.verdict).toBe(true);
    expect(endsWith('status')(history) && endsWith('network')(history)).toBe(true);
  });

  it('notes a fault that found nothing to bite', async () => {
    const { history, verdict } = await calm({ at: 0, do: 'frames', client: 0, what: 'drop', times: 1 });
    expect(verdict.verdict).toBe(true);
    expect(history).toContainEqual(
      expect.objectContaining({ kind: 'note', text: 'frames#1 found nothing to bite' }),
    );
  });

  it('stops a server whose client does not read, until it does', async () => {
    const { history, verdict } = await simulate({
      seed: 1,
      setup: { ...CALM, windowBytes: 64, retainEvents: 3, handlerMs: 400, slowReader: 'announce' },
      steps: [{ at: 50, do: 'publish', count: 30, bytes: 200 }],
    });
    expect(verdict.verdict).toBe(true);
    expect(history).toContainEqual(expect.objectContaining({ kind: 'announced', reason: 'too-slow' }));
  });
});

describe('the simulation', () => {
  it('finds that every promise holds, under the first schedules of a seed', async () => {
    const campaign = await runCampaign({ seed: 1, schedules: 30 });
    expect(campaign.convictions).toEqual([]);
    expect(campaign).toMatchObject({ passed: 30, failed: 0, unknown: 0 });
    // Blind it is not: every kind of fault bit.
    const { faults } = campaign.coverage;
    expect(Object.keys(faults).length).toBe(14);
    expect(Object.values(faults).every(({ fired }) => fired > 0)).toBe(true);
  });

  it.each(bugs.map((bug) => [bug.what, bug] as const))('convicts: %s', async (_, bug) => {
    const { check, number, tampering } = bug;
    const found = await simulate(scheduleOf(SEED, number), tampering);
    expect(found.verdict.failed).toContain(check);
    const { schedule } = await convict(check, SEED, number, tampering, 20);
    expect(schedule.steps.length).toBeLessThanOrEqual(5);
    expect((await simulate(schedule)).verdict.verdict).toBe(true);
  });
});

describe('shrink', () => {
  it('leaves the steps, knobs and numbers that are needed', async () => {
    const whole = scheduleOf(1, 8);
    const steps: Step[] = [...whole.steps, { at: 90_000, do: 'publish', count: 17, bytes: 250 }];
    const smallest = await shrink({ ...whole, setup: { ...CALM, clients: 3 }, steps }, async (schedule) =>
      schedule.steps.some((step) => step.do === 'publish' && step.count >= 4 && step.bytes >= 100),
    );
    expect(smallest).toEqual({
      seed: whole.seed,
      setup: CALM,
      steps: [expect.objectContaining({ at: 0, do: 'publish' })],
    });
    expect(smallest.steps[0]).toMatchObject({ count: expect.toBeOneOf([4, 5]), bytes: 100 });
  });
});

function endsWith(cause: string) {
  return (history: readonly HistoryRecord[]): boolean =>
    history.some((record) => record.kind === 'close' && record.cause === cause);
}

function sleep(connection: 'kept' | 'lost' | 'reset'): Step {
  return { at: 500, do: 'sleep', client: 0, ms: 60_000, clock: 'runs', connection, told: true };
}
