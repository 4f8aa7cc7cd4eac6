import { describe, expect, it } from 'vitest';
import type { LivenessCause } from './core/failure.ts';
import { watchLiveness } from './liveness-watch.ts';
import type { Clock } from './ports.ts';

/** A clock whose timers fire when they are told to, as late as the test wants. */
function handClock() {
  let now = 0;
  const timers: { at: number; callback: () => void }[] = [];
  let looks = 0;
  const clock: Clock = {
    now: () => now,
    monotonic() {
      looks++;
      return now;
    },
    setTimeout(callback, delayMs) {
      const timer = { at: now + delayMs, callback };
      timers.push(timer);
      return () => {
        const index = timers.indexOf(timer);
        if (index !== -1) timers.splice(index, 1);
      };
    },
  };
  return {
    clock,
    /** How often the time was asked for. */
    looks: () => looks,
    timers,
    /** Fires the next timer, so much later than it was due. @param before what comes just before it */
    fire(lateMs = 0, before?: () => void) {
      const timer = timers.sort((a, b) => a.at - b.at).shift();
      if (!timer) throw new Error('no timer is set');
      now = Math.max(now, timer.at + lateMs);
      before?.();
      timer.callback();
    },
  };
}

const POLICY = { timeoutMs: 1500, graceMs: 0, firstByteMs: 1500, trickleFactor: 10 };

function watched() {
  const deaths: LivenessCause[] = [];
  const { clock, fire } = handClock();
  const watch = watchLiveness(POLICY, clock, (cause) => deaths.push(cause));
  watch.start(300, false);
  watch.resume();
  watch.pause(); // the first frame
  watch.frame();
  watch.resume();
  return { watch, fire, deaths };
}

describe('the liveness watch of a process that stood still for two seconds', () => {
  it('gives the bytes that wait in the socket a moment, and finds the connection alive', () => {
    const { watch, fire, deaths } = watched();
    fire(1000); // the deadline, a second late: timers run before sockets are read
    expect(deaths).toEqual([]);
    watch.pause();
    watch.resume(); // what had come is read now
    fire();
    expect(deaths).toEqual([]);
  });

  it('does not ask for more than what was read at the very moment it woke', () => {
    const { watch, fire, deaths } = watched();
    fire(6000, () => {
      watch.pause();
      watch.frame();
      watch.resume();
    });
    fire(); // the next look is at the next deadline, not a moment later
    expect(deaths).toEqual(['no-bytes']);
  });

  it('still notices that nothing came', () => {
    const { fire, deaths } = watched();
    fire(1000);
    fire();
    expect(deaths).toEqual(['no-bytes']);
  });

  it('does not wait longer where the timer was in time', () => {
    const { fire, deaths } = watched();
    fire();
    expect(deaths).toEqual(['no-bytes']);
  });
});

describe('the liveness watch of a machine that slept', () => {
  it('gives what came meanwhile its moment, also when it is woken twice', () => {
    const { watch, fire, deaths } = watched();
    fire(60_000);
    watch.check(false);
    expect(deaths).toEqual([]);
    watch.pause();
    watch.frame();
    watch.resume();
    fire();
    expect(deaths).toEqual([]);
  });
});

describe('the liveness watch of a server without a cadence', () => {
  it('sets no timer, and looks at the clock no more after the first read', () => {
    const { clock, looks, timers } = handClock();
    const watch = watchLiveness({ ...POLICY, timeoutMs: null }, clock, () => undefined);
    watch.start(0, false);
    watch.resume();
    const before = looks();
    for (let reads = 0; reads < 3; reads++) {
      watch.pause();
      watch.frame();
      watch.resume();
    }
    expect([looks() - before, timers.length]).toEqual([0, 0]);
    watch.pause();
    watch.cadence(1000);
    watch.resume();
    expect(timers).toHaveLength(1);
  });
});
