import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { HistoryRecord } from '../history/types.ts';
import { createCalmMetrics } from './calm-metrics.ts';

const open: HistoryRecord = { at: 1, kind: 'open', subject: 'kit', attempt: 1 };
const fault = (phase: 'planned' | 'armed' | 'fired'): HistoryRecord => ({
  at: 2,
  kind: 'fault',
  fault: 'f#1',
  phase,
});

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('reads the numbers of both sides at the first fault that meets an open connection, and once', async () => {
  let published = 0;
  const metrics = createCalmMetrics([async () => `published ${published}`, async () => 'processed 7']);
  metrics.see(fault('planned'));
  metrics.see(fault('armed')); // before anybody is connected there is no steady state
  published = 7;
  metrics.see(open);
  metrics.see(fault('fired'));
  published = 20;
  metrics.see(fault('armed'));
  await metrics.take();
  expect(await metrics.numbers()).toEqual({ published: 7, processed: 7 });
});

it('leaves out who fails and who does not answer in time', async () => {
  const metrics = createCalmMetrics([
    () => Promise.reject(new Error('gone')),
    () => new Promise(() => undefined),
    () => undefined,
    async () => 'here 1',
  ]);
  const taking = metrics.take();
  await vi.runAllTimersAsync();
  await taking;
  expect(await metrics.numbers()).toEqual({ here: 1 });
  expect(vi.getTimerCount()).toBe(0);
});

it('knows nothing when no fault came', async () => {
  expect(await createCalmMetrics([async () => 'a 1']).numbers()).toEqual({});
});
