import type { HistoryRecord } from '../../history/types.ts';
import { FAULT, healthyRun, id } from '../testing/build.ts';
import { changed, plus, without } from '../testing/edit.ts';
import { at, expecting, request, resends, type SeededBug, unbudgeted } from './case.ts';

const run = healthyRun;
const fired = { kind: 'fault', phase: 'fired' } as const;
const crowd = (count: number) => Array.from({ length: count }, (_, i) => `kit${i}`);

/** Lies about load, leaks and proof. */
export const pressureBugs: readonly SeededBug[] = [
  {
    lie: 'more attempts than the policy allows',
    convicts: 'attempts',
    history: () => plus(run(), request(1110, id(10)), request(1190, id(10))),
    expectation: unbudgeted(['herdPeakPer100Ms']),
  },
  {
    lie: 'fewer attempts than the fault must cause',
    convicts: 'attempts',
    history: run,
    expectation: unbudgeted([], { budget: { attempts: { min: 3 } } }),
  },
  {
    lie: 'a hot loop',
    convicts: 'hot-loop',
    history: () => plus(run(), ...Array.from({ length: 30 }, (_, i) => request(1060 + i * 6, id(10)))),
    expectation: unbudgeted(['attempts', 'herdPeakPer100Ms']),
  },
  {
    lie: 'a slow loop that is still one',
    convicts: 'hot-loop',
    history: () => plus(run(), ...Array.from({ length: 5 }, (_, i) => request(1060 + i * 30, id(10)))),
    expectation: expecting({ budget: { requestsPerSecond: 4 } }),
  },
  {
    lie: 'a hot loop while nobody listens, which leaves no request',
    convicts: 'hot-loop',
    history: () =>
      plus(
        run(),
        ...Array.from(
          { length: 30 },
          (_, i): HistoryRecord => ({
            at: at(1065 + i * 5),
            kind: 'retry',
            subject: 'kit',
            attempt: 2,
            delayMs: 5,
            cause: 'network',
          }),
        ),
      ),
  },
  {
    lie: 'a hot loop below one attempt, beyond what any browser repeats',
    convicts: 'hot-loop',
    history: () => plus(run(), ...resends(40)),
    expectation: unbudgeted(['attempts', 'herdPeakPer100Ms']),
  },
  {
    lie: 'a hot loop of requests that were answered, told as one attempt',
    convicts: 'hot-loop',
    history: () => plus(run(), ...resends(25, 'answered')),
    expectation: unbudgeted(['attempts', 'herdPeakPer100Ms']),
  },
  {
    lie: 'everybody comes back at once',
    convicts: 'herd',
    history: () => run({ subjects: crowd(10) }),
    expectation: unbudgeted([]),
  },
  {
    lie: 'the server keeps a connection of somebody who left',
    convicts: 'leaks',
    history: () => without(run(), { kind: 'connection', connection: 'kit-s-c1', phase: 'closed' }),
  },
  {
    lie: 'a socket is never closed',
    convicts: 'leaks',
    history: () => without(run(), { kind: 'wire', event: 'fin' }),
  },
  {
    lie: 'the count of open streams does not come down',
    convicts: 'leaks',
    history: () =>
      plus(run(), { at: at(2650), kind: 'sample', name: 'server.connections', value: 1, unit: 'count' }),
  },
  {
    lie: 'memory grows with a stalled reader',
    convicts: 'memory',
    history: () =>
      plus(run(), { at: at(2000), kind: 'sample', name: 'server.rss', value: 52 * 2 ** 20, unit: 'bytes' }),
  },
  {
    lie: 'memory peaks for a moment',
    convicts: 'memory',
    history: () =>
      plus(
        run(),
        { at: at(900), kind: 'sample', name: 'server.rss', value: 200 * 2 ** 20, unit: 'bytes' },
        { at: at(1000), kind: 'sample', name: 'server.rss', value: 200 * 2 ** 20, unit: 'bytes' },
      ),
  },
  {
    lie: 'memory is budgeted and was never sampled',
    convicts: 'memory',
    as: 'unknown',
    history: () => without(run(), { kind: 'sample' }),
  },
  {
    lie: 'a client gives up on a network that healed',
    convicts: 'give-up',
    history: () => plus(run(), { at: at(2610), kind: 'give-up', subject: 'kit', reason: 'attempts' }),
  },
  {
    lie: 'a client never gives up on what is final',
    convicts: 'give-up',
    history: run,
    expectation: expecting({ giveUp: 'required' }),
  },
  {
    lie: 'a partial event is handed over at the cut',
    convicts: 'fabricated',
    history: () => {
      const last = run().findLast((r) => r.kind === 'wire' && r.event === 'bytes' && r.at < at(1050));
      return run().map((r): HistoryRecord => {
        if (r.kind !== 'wire' || r.at !== last?.at) return r;
        const half = Buffer.from(r.base64 ?? '', 'base64').subarray(0, -1);
        return { ...r, base64: half.toString('base64'), bytes: half.length };
      });
    },
    expectation: unbudgeted(['holesOnWire']),
  },
  {
    lie: 'an event arrives that was never on the wire',
    convicts: 'fabricated',
    history: () => {
      const made = run().find((r) => r.kind === 'wire' && r.event === 'bytes' && r.at > at(600));
      return run().filter((r) => r.at !== made?.at);
    },
    expectation: unbudgeted(['holesOnWire']),
  },
  {
    lie: 'an event is handled that by the subject’s own record never arrived',
    convicts: 'fabricated',
    history: () => without(run(), { kind: 'delivered', id: id(8) }),
  },
  {
    lie: 'the planned fault never fired',
    convicts: 'fault-proven',
    as: 'unknown',
    history: () => without(run(), fired),
  },
  {
    lie: 'the fault is said to have fired, without evidence',
    convicts: 'fault-proven',
    as: 'unknown',
    history: () => changed(run(), fired, { evidence: {} }),
  },
  {
    lie: 'the scenario forgot to plan its fault',
    convicts: 'fault-proven',
    as: 'unknown',
    history: run,
    expectation: expecting({ faults: [FAULT, 'sse-proxy/duplicate#1'] }),
  },
  {
    lie: 'one of two faults fired, the other did not',
    convicts: 'fault-proven',
    as: 'unknown',
    history: () => plus(run(), { at: at(1), kind: 'fault', fault: 'toxiproxy/latency#2', phase: 'planned' }),
  },
  {
    lie: 'the sentinel never arrives',
    convicts: 'sentinel',
    history: () => without(run(), { kind: 'processed', type: 'sentinel' }),
  },
  {
    lie: 'the run stops before its sentinel',
    convicts: 'sentinel',
    as: 'unknown',
    history: () =>
      without(
        run(),
        { kind: 'processed', type: 'sentinel' },
        { kind: 'delivered', type: 'sentinel' },
        { kind: 'produced', sentinel: true },
      ),
  },
  {
    lie: 'the subject that was to be judged took no part',
    convicts: 'history',
    as: 'unknown',
    history: run,
    expectation: { guarantee: 'effectively-once', subjects: ['somebody'], sentinel: false },
  },
  {
    lie: 'the history is torn',
    convicts: 'history',
    as: 'unknown',
    history: run,
    problems: [{ line: 99, what: 'torn', reason: 'the last line has no line end', text: '{"at":1' }],
  },
];
