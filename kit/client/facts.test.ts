import { describe, expect, it } from 'vitest';
import { createRetryBudget } from './index.ts';
import { open } from './one-stream.fixture.ts';
import { virtualClient } from './virtual.fixture.ts';

describe('delays in facts', () => {
  it('are whole milliseconds, whatever the jitter', async () => {
    const budget = createRetryBudget({ attempts: 3, perMs: 10_001 });
    const { clock, kinds } = virtualClient((exchange) => exchange.fail(), {
      budget,
      retry: { baseMs: 1000, maxMs: 8000 },
    });
    await clock.advance(60_000);
    const delays = kinds('retry').flatMap(({ delayMs, floorMs }) => [delayMs, floorMs]);
    expect(kinds('retry').map(({ cause }) => cause)).toEqual(expect.arrayContaining(['network', 'budget']));
    expect(delays.filter((ms) => !Number.isInteger(ms))).toEqual([]);
  });
});

describe('times in facts', () => {
  it('are those of the connection at hand: one that was let go was open until then', async () => {
    const { clock, kinds, stream } = virtualClient(
      (exchange) => (exchange.number === 2 ? exchange.fail() : exchange.write(open(0, 'fresh', 0))),
      { retry: { baseMs: 1000, maxMs: 1000, jitter: 0 } },
    );
    await clock.advance(5000);
    stream.reconnect();
    await clock.advance(1000);
    stream.reconnect();
    await clock.advance(0);
    expect(kinds('disconnect').map(({ openMs }) => openMs)).toEqual([0]);
    expect(kinds('open').map(({ downtimeMs }) => downtimeMs)).toEqual([null, 1000, 0]);
  });
});
