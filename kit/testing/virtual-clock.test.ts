import { describe, expect, it } from 'vitest';
import { VirtualClock } from './virtual-clock.ts';

describe('VirtualClock', () => {
  it('fires timers in the order of their due time, and ties in the order of creation', async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    clock.setTimeout(() => fired.push('late'), 20);
    clock.setTimeout(() => fired.push('early'), 10);
    clock.setTimeout(() => fired.push('early, second'), 10);
    await clock.advance(15);
    expect(fired).toEqual(['early', 'early, second']);
    expect(clock.nextInMs).toBe(5);
    await clock.advance(5);
    expect(fired).toEqual(['early', 'early, second', 'late']);
    expect(clock.pending).toBe(0);
  });

  it('lets a timer set by awaiting code fire within the same advance', async () => {
    const clock = new VirtualClock(1000);
    const seen: number[] = [];
    const sleep = (ms: number) => new Promise<void>((resolve) => clock.setTimeout(resolve, ms));
    const loop = (async () => {
      for (let turn = 0; turn < 3; turn++) {
        await sleep(10);
        seen.push(clock.now());
      }
    })();
    await clock.advance(30);
    await loop;
    expect(seen).toEqual([1010, 1020, 1030]);
  });

  it('does not fire what was cancelled', async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    clock.setTimeout(() => fired.push('cancelled'), 10)();
    clock.setTimeout(() => fired.push('kept'), 10);
    await clock.advance(10);
    expect(fired).toEqual(['kept']);
  });

  it('tells a jump of the wall clock from a sleep of the machine', async () => {
    const clock = new VirtualClock(0);
    const fired: number[] = [];
    clock.setTimeout(() => fired.push(clock.monotonic()), 100);
    clock.jumpWall(5000);
    await clock.advance(0);
    expect([clock.now(), clock.monotonic(), fired.length]).toEqual([5000, 0, 0]);
    await clock.sleep(60_000);
    expect([clock.now(), clock.monotonic()]).toEqual([65_000, 60_000]);
    expect(fired).toEqual([60_000]);
  });

  it('ends where each timer sets another for the same moment, also over several calls', async () => {
    const clock = new VirtualClock(undefined, async () => undefined);
    const again = (): void => void clock.setTimeout(again, 0);
    clock.setTimeout(again, 50);
    await expect(clock.advance(100)).rejects.toThrow('time stands still at 50 ms');
    await expect(clock.advance(0)).rejects.toThrow('time stands still at 50 ms');
  });
});
