import { FAULT, healthyRun, id } from '../testing/build.ts';
import { changed, delayed, plus, without } from '../testing/edit.ts';
import { at, expecting, type SeededBug, unbudgeted } from './case.ts';

const run = healthyRun;
const fired = { kind: 'fault', phase: 'fired' } as const;
const alarmAt = (afterMs: number) =>
  ({ at: at(afterMs), kind: 'liveness', subject: 'kit', cause: 'no-bytes', silentMs: 700 }) as const;

/** Lies about being alive: silence unnoticed, alarms out of nothing, recovery that takes too long. */
export const livenessBugs: readonly SeededBug[] = [
  {
    lie: 'a half-open connection is held for three seconds',
    convicts: 'silence',
    history: () => delayed(run(), at(1050), 3000),
  },
  {
    lie: 'the connection falls silent for good, and nobody closes it',
    convicts: 'silence',
    history: () =>
      plus(without(run(), { kind: 'close', final: true }), { at: at(9000), kind: 'note', text: 'end' }),
  },
  {
    lie: 'silence is noticed, but much too late',
    convicts: 'silence',
    history: () => plus(delayed(run(), at(1700), 2500), alarmAt(3600)),
    expectation: unbudgeted(['reconnectMs'], { silence: { deadlineMs: 600, graceMs: 100 } }),
  },
  {
    lie: 'heartbeats say that there is more, and the client waits on',
    convicts: 'blind-heartbeats',
    history: () =>
      plus(
        without(
          run(),
          ...[18, 19, 20].flatMap((n) => [
            { kind: 'delivered', id: id(n) } as const,
            { kind: 'processed', id: id(n) } as const,
          ]),
        ),
        ...[1900, 2000, 2100, 2200, 2300].map(
          (ms) => ({ at: at(ms), kind: 'heartbeat', subject: 'kit', stream: 's', head: id(18) }) as const,
        ),
      ),
    expectation: expecting({ guarantee: 'at-most-once', silence: { deadlineMs: 400, graceMs: 50 } }),
  },
  {
    lie: 'heartbeats say that there is more to one who has nothing yet, and it waits on',
    convicts: 'blind-heartbeats',
    history: () =>
      without(
        run(),
        ...[1, 2, 3, 4, 5, 6, 7, 8].flatMap((n) => [
          { kind: 'delivered', id: id(n) } as const,
          { kind: 'processed', id: id(n) } as const,
        ]),
      ),
    expectation: expecting({ guarantee: 'at-most-once', silence: { deadlineMs: 400, graceMs: 50 } }),
  },
  {
    lie: 'a liveness failure out of nothing',
    convicts: 'alarm',
    history: () => plus(run(), alarmAt(2604)),
  },
  {
    lie: 'a dead connection raises no alarm',
    convicts: 'alarm',
    history: run,
    expectation: expecting({ silence: { deadlineMs: 600, alarm: 'required' } }),
  },
  {
    lie: 'the cut is noticed too late',
    convicts: 'detect',
    history: () => changed(run(), fired, { at: at(800) }),
  },
  {
    lie: 'a second cut is never noticed',
    convicts: 'detect',
    history: () =>
      plus(run(), { at: at(1500), kind: 'fault', fault: FAULT, phase: 'fired', evidence: { rst: true } }),
  },
  {
    lie: 'the client comes back too late',
    convicts: 'reconnect',
    history: () => delayed(run(), at(1245), 2000),
    expectation: unbudgeted(['healMs']),
  },
  {
    lie: 'the client sits there disconnected, and leaves at last',
    convicts: 'reconnect',
    history: () =>
      plus(
        run().filter((r) => r.at < at(1060)),
        { at: at(2600), kind: 'close', subject: 'kit', stream: 's', cause: 'closed', final: true },
      ),
    expectation: unbudgeted(['attempts'], { sentinel: false }),
  },
  {
    lie: 'the network is well again, and nothing moves',
    convicts: 'heal',
    history: () => delayed(run(), at(1245), 2000),
    expectation: unbudgeted(['reconnectMs']),
  },
  {
    lie: 'the replay is dripped',
    convicts: 'catch-up',
    history: () => delayed(run(), at(1255.9), 500),
  },
];
