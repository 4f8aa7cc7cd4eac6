import { describe, expect, it } from 'vitest';
import { type Scenario, scenarios } from '../scenarios/index.ts';
import type { Look } from './look.ts';
import { atPaceOf, patienceFor } from './pace.ts';

const look = (perSecond: number, quietMs: number) => ({ perSecond, quietMs }) as Look;
const adapted = (id: string, ...pace: [number, number]): Scenario => {
  const scenario = scenarios.find((each) => each.id === id);
  if (!scenario) throw new Error(`no scenario ${id}`);
  return atPaceOf(scenario, look(...pace), { cursor: 'query' });
};

describe('the pace of a stream', () => {
  it('changes no deadline where it is that of the catalogue', () => {
    const { client, expect: expected, budget } = adapted('liveness/half-open', 10, 100);
    expect(client).toMatchObject({ livenessTimeoutMs: 2000, cursor: 'query' });
    expect(expected?.silence).toEqual({ deadlineMs: 2000, graceMs: 2000, alarm: 'required' });
    expect(budget.detectMs).toBe(4000);
  });

  it('stretches what would call a calm stream dead', () => {
    const { client, expect: expected, budget } = adapted('liveness/half-open', 1, 1000);
    expect(client?.livenessTimeoutMs).toBe(4000);
    expect(expected?.silence).toMatchObject({ deadlineMs: 4000, graceMs: 4000 });
    expect(budget.detectMs).toBe(8000);
  });

  it('is the length of an outage, during which nobody is back', () => {
    const { budget } = adapted('resume/cut-during-replay', 1, 1000);
    expect(budget).not.toHaveProperty('reconnectMs');
    expect(budget.attempts).toEqual({ min: 3 });
    expect(adapted('disconnect/fin-mid-event', 1, 1000).budget.attempts).toEqual({ min: 2, max: 2 });
  });

  it('never lets a run pass in which nothing was owed', () => {
    expect(adapted('connect/baseline', 1, 1000).expect).toEqual({ sentinel: false, nothingOwed: 'unknown' });
  });

  it('sets how long is waited for sixty events, and at least as long as for any', () => {
    expect([patienceFor(look(20, 50)), patienceFor(look(1, 1000))]).toEqual([20_000, 90_000]);
  });
});
