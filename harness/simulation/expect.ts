import { checkers } from '../oracle/judge.ts';
import type { Checker, Expectation } from '../oracle/types.ts';
import { CONNECT_MS } from './client.ts';
import { CALM, type Frames, type Schedule, type Setup, type Step } from './schedule.ts';

/** Any number. JSON knows no Infinity, and verdicts are printed as JSON. */
const ANY = Number.MAX_SAFE_INTEGER;

/**
 * What the oracle has to expect of a schedule: the strictest guarantee that its faults leave the kit. It is derived from
 * the plain data alone, before anything is played.
 */
export function expectationOf({ setup, steps }: Schedule): Expectation {
  const rewinds = mayRewind({ setup, steps });
  const limitMs = silenceLimitMs(setup);
  return {
    guarantee: mayLose(setup, steps) ? 'announced-loss' : rewinds ? 'at-least-once' : 'effectively-once',
    order: setup.late === 'deliver' ? 'reported' : 'strict',
    silence: {
      deadlineMs: limitMs,
      // Bytes that never make a frame count twice the time; and nobody listens while handlers work off what was read.
      graceMs: limitMs + 1500 + handlingMs(setup, steps),
      alarm: steps.some(mayAlarm) ? 'allowed' : 'none',
    },
    budget: {
      healMs: 3 * limitMs + 2 * CONNECT_MS + 2 * longestWaitMs(setup, steps) + handlingMs(setup, steps),
      ...(rewinds ? { resumeOverlap: ANY } : {}),
      ...(setup.commitEvery > 1 ? { duplicatesProcessed: ANY } : {}),
      ...(steps.some(makesHoles) ? { resumeGap: ANY } : { holesOnWire: 0 }),
    },
    // Every record has a time of its own: see Recorder.
    clockSlackMs: 0,
  };
}

/**
 * The oracle's checks that mean something for a schedule: all of them, but for four cases.
 * - With several lanes events are handled in order per key, and a history does not say keys: `order` has nothing to
 *   compare with.
 * - A client that delivers late events counts them as lost first, and says so when they come after all
 *   (`out-of-order.announced`). A history has no such field: to `announced-loss` that is one too many.
 * - A client that goes on from an older cursor (it crashed before its cursor was kept, or commits each n-th event) is told
 *   of losses counted from there, perhaps again, and some of these events it had handled before. That is right, and the
 *   history does not show why: `announced-loss` counts what was handled. Where it did not wait for a late event, it may
 *   get it then in its place, which to `order` is behind a later one.
 * - Such a client may name a place in a log that was lost before anything was published in it. No record says that this
 *   log was: to `resume` its id is made up.
 */
export function checkersFor({ setup, steps }: Omit<Schedule, 'seed'>): Readonly<Record<string, Checker>> {
  const left = new Map<string, Checker>(Object.entries(checkers));
  const rewinds = mayRewind({ setup, steps });
  if (setup.lanes > 1 || (rewinds && setup.late !== 'buffer')) left.delete('order');
  if (rewinds && steps.some(losesLog)) left.delete('resume');
  const swaps = steps.some((step) => step.do === 'frames' && step.what === 'swap');
  if ((setup.late === 'deliver' && swaps) || (rewinds && mayLose(setup, steps))) {
    left.delete('announced-loss');
  }
  return Object.fromEntries(left);
}

/** Whether a client may go on from a cursor older than what it has handled. */
function mayRewind({ setup, steps }: Omit<Schedule, 'seed'>): boolean {
  return setup.commitEvery > 1 || steps.some(({ do: what }) => what === 'crash');
}

/** Whether events may be lost, announced. */
function mayLose(setup: Setup, steps: readonly Step[]): boolean {
  // A proxy that holds an event back, to swap it, drops it when the connection ends before the next event.
  const drops = steps.reduce((sum, step) => sum + (makesHoles(step) ? step.times : 0), 0);
  return (
    setup.retainEvents < CALM.retainEvents ||
    steps.some(losesLog) ||
    // Asked for again and dropped again, an event is announced as lost.
    drops > 1 ||
    (setup.late !== 'buffer' && drops > 0)
  );
}

/** Whether a step may make a connection silent, or a heartbeat run ahead of the events. */
function mayAlarm(step: Step): boolean {
  if (step.do === 'frames') return step.what !== 'duplicate';
  if (step.do === 'kill') return step.how === 'silent';
  return ['vanish', 'hold', 'sleep', 'offline', 'jump'].includes(step.do);
}

function losesLog(step: Step): boolean {
  return 'keeps' in step && !step.keeps;
}

function makesHoles(step: Step): step is Frames {
  return step.do === 'frames' && step.what !== 'duplicate';
}

/** The silence that the client accepts: what the server promises, and half as much again, at least a second. */
function silenceLimitMs({ heartbeatMs, latencyMs, jitterMs }: Setup): number {
  return heartbeatMs + Math.max(1000, heartbeatMs / 2) + latencyMs + jitterMs;
}

/** How long the handlers may be busy with all that is published. */
function handlingMs({ handlerMs, handlerFails }: Setup, steps: readonly Step[]): number {
  const events = steps.reduce((sum, step) => sum + (step.do === 'publish' ? step.count : 0), 0);
  return events * (2 * handlerMs + (handlerFails > 0 ? 200 : 0));
}

/** The longest wait between two attempts: the backoff, or what was asked for, with the spread on top. */
function longestWaitMs({ retryMaxMs, retryMs }: Setup, steps: readonly Step[]): number {
  const asked = steps.map((step) => (step.do === 'answer' ? step.retryAfter * 1000 : 0));
  // A server that drains answers 503 with a Retry-After of its own: five seconds, and half as much again.
  return 1.25 * Math.max(retryMaxMs, 1.5 * retryMs, 7500, ...asked) + 1000;
}
