import { describe, expect, it } from 'vitest';
import type { HistoryRecord } from '../history/types.ts';
import { createFaultPlan, createOpenFaultPlan } from './faults.ts';

describe('a fault plan', () => {
  it('writes every planned fault down before anything happens', () => {
    const records: HistoryRecord[] = [];
    createFaultPlan(['toxiproxy/down', 'toxiproxy/down'], (record) => records.push(record));
    expect(records).toMatchObject([
      { kind: 'fault', fault: 'toxiproxy/down#1', phase: 'planned' },
      { kind: 'fault', fault: 'toxiproxy/down#2', phase: 'planned' },
    ]);
  });

  it('refuses a fault that the scenario did not list, or lists once and takes twice', () => {
    const plan = createFaultPlan(['toxiproxy/down'], () => undefined);
    expect(() => plan.take('toxiproxy/latency')).toThrow(/do not list toxiproxy\/latency/);
    plan.take('toxiproxy/down');
    expect(() => plan.take('toxiproxy/down')).toThrow(/do not list toxiproxy\/down/);
  });

  it('dates a fault back to when it began to bite', () => {
    const records: HistoryRecord[] = [];
    const plan = createOpenFaultPlan((record) => records.push(record));
    plan.take('toxiproxy/bandwidth').fired({ sentBytes: 3 }, 1000);
    expect(records.at(-1)).toEqual({
      at: 1000,
      kind: 'fault',
      fault: 'toxiproxy/bandwidth#1',
      phase: 'fired',
      evidence: { sentBytes: 3 },
    });
  });
});
