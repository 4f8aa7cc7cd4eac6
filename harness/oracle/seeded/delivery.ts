import { healthyRun, id } from '../testing/build.ts';
import { changed, find, plus, without } from '../testing/edit.ts';
import type { Records } from '../types.ts';
import { at, expecting, type SeededBug, unbudgeted } from './case.ts';

const run = healthyRun;
/** The event arrives nowhere: neither on the wire nor at the handler. */
const vanished = (history: Records, n: number) =>
  without(history, { kind: 'delivered', id: id(n) }, { kind: 'processed', id: id(n) });
/** Handles an event once more, `afterMs` after the start. */
const again = (history: Records, n: number, afterMs: number, redelivery?: boolean) => {
  const { redelivery: _, ...first } = find(history, { kind: 'processed', id: id(n) });
  return plus(history, { ...first, at: at(afterMs), ...(redelivery ? { redelivery } : {}) });
};

/** Lies about what was handled: lost, invented, changed, repeated, reordered. */
export const deliveryBugs: readonly SeededBug[] = [
  {
    lie: 'the handler is never called for one event',
    convicts: 'loss',
    history: () => without(run(), { kind: 'processed', id: id(5) }),
  },
  {
    lie: 'one event vanishes on an open connection',
    convicts: 'loss',
    history: () => vanished(run(), 7),
  },
  {
    lie: 'the last event before the end vanishes',
    convicts: 'loss',
    history: () => vanished(run(), 20),
    expectation: expecting({ silence: { deadlineMs: 2000 } }),
  },
  {
    lie: 'a replay leaves out its last event',
    convicts: 'loss',
    history: () => vanished(run(), 12),
  },
  {
    lie: 'only one of two subjects loses an event',
    convicts: 'loss',
    history: () =>
      without(run({ subjects: ['kit', 'other'] }), { kind: 'processed', subject: 'other', id: id(6) }),
    expectation: unbudgeted(['herdPeakPer100Ms']),
  },
  {
    lie: 'only one of two streams loses an event, and the other has the same id',
    convicts: 'loss',
    history: () => without(run({ streams: ['s', 't'] }), { kind: 'processed', stream: 't', id: id(6) }),
    expectation: unbudgeted(['attempts']),
  },
  {
    lie: 'the subscription is primed, and its first event is skipped',
    convicts: 'loss',
    history: () => vanished(changed(run(), { kind: 'open', attempt: 1 }, { cursor: id(0) }), 1),
  },
  {
    lie: 'an observer that is owed everything starts late',
    convicts: 'loss',
    history: () => changed(vanished(run(), 1), { kind: 'open', attempt: 1 }, { cursor: id(1) }),
    expectation: expecting({ owed: 'everything' }),
  },
  {
    lie: 'an announcement for one loss hides another',
    convicts: 'loss',
    history: () =>
      plus([11, 12, 16].reduce(vanished, run()), {
        at: at(1255.2),
        kind: 'announced',
        subject: 'kit',
        what: 'cannot-resume',
        reason: 'expired',
        missed: 2,
        after: id(10),
        from: id(12),
      }),
    expectation: expecting({ guarantee: 'announced-loss' }),
  },
  {
    lie: 'an announcement reaches over events to come, and hides one of them',
    convicts: 'loss',
    history: () =>
      plus([11, 12, 15].reduce(vanished, run()), {
        at: at(1255.2),
        kind: 'announced',
        subject: 'kit',
        what: 'cannot-resume',
        reason: 'expired',
        missed: null,
        after: id(10),
        from: id(20),
      }),
    expectation: expecting({ guarantee: 'announced-loss' }),
  },
  {
    lie: 'a hole is seen, going back is promised, and nothing comes',
    convicts: 'loss',
    history: () =>
      plus(vanished(run(), 15), {
        at: at(1603),
        kind: 'announced',
        subject: 'kit',
        what: 'gap',
        reason: 'hole',
        missed: 1,
        after: id(14),
        from: id(15),
        recovering: true,
      }),
  },
  {
    lie: 'an event is handled that nobody produced',
    convicts: 'unexpected',
    history: () =>
      plus(run(), { ...find(run(), { kind: 'processed', id: id(5) }), at: at(560), id: 'ghost' }),
  },
  {
    lie: 'an event of another tenant is handled',
    convicts: 'unexpected',
    history: () =>
      plus(run(), { ...find(run(), { kind: 'processed', id: id(5) }), at: at(560), stream: 'tenant-b' }),
    expectation: expecting({ streams: { kit: ['s'] } }),
  },
  {
    lie: 'an unacknowledged publication comes back with another payload',
    convicts: 'unexpected',
    history: () =>
      plus(
        run(),
        { at: at(550), kind: 'publishing', stream: 's', type: 'tick', digest: 'aaaa' },
        {
          ...find(run(), { kind: 'processed', id: id(5) }),
          at: at(560),
          id: 'epochAAA.recovered',
          digest: 'bbbb',
        },
      ),
  },
  {
    lie: 'an acknowledged event comes again under an id that is nobody’s',
    convicts: 'unexpected',
    history: () => {
      const known = find(run(), { kind: 'processed', id: id(5) });
      return plus(
        run(),
        { at: at(499), kind: 'publishing', stream: 's', type: known.type, digest: known.digest },
        { ...known, at: at(560), id: 'ghost' },
      );
    },
  },
  {
    lie: 'a payload changes on the way',
    convicts: 'corruption',
    history: () => changed(run(), { kind: 'processed', id: id(8) }, { digest: 'ffff' }),
  },
  {
    lie: 'an event comes under another type',
    convicts: 'corruption',
    history: () => changed(run(), { kind: 'processed', id: id(8) }, { type: 'message' }),
  },
  {
    lie: 'the same id comes again with a new payload, and is dropped as a duplicate',
    convicts: 'corruption',
    history: () =>
      plus(run(), { ...find(run(), { kind: 'delivered', id: id(8) }), at: at(850), digest: 'ffff' }),
    expectation: unbudgeted(['duplicatesOnWire']),
  },
  {
    lie: 'an event is handled twice at once',
    convicts: 'duplicates',
    history: () => again(run(), 5, 502.5),
  },
  {
    lie: 'an event is handled again long after',
    convicts: 'duplicates',
    history: () => again(run(), 5, 2300),
  },
  {
    lie: 'a redelivery is not flagged',
    convicts: 'duplicates',
    history: () => again(run(), 10, 1255.3),
    expectation: expecting({ guarantee: 'at-least-once' }),
  },
  {
    lie: 'a flagged redelivery breaks effectively-once',
    convicts: 'duplicates',
    history: () => again(run(), 10, 1255.3, true),
  },
  {
    lie: 'a flagged redelivery breaks at-most-once',
    convicts: 'duplicates',
    history: () => again(run(), 10, 1255.3, true),
    expectation: expecting({ guarantee: 'at-most-once' }),
  },
  {
    lie: 'an event that was handled is given to the dead letters as well',
    convicts: 'duplicates',
    history: () =>
      plus(run(), {
        at: at(502.5),
        kind: 'dead-letter',
        subject: 'kit',
        stream: 's',
        id: id(5),
        reason: 'ERR_HANDLER',
      }),
  },
  {
    lie: 'the server sends old events again in mid-stream',
    convicts: 'wire-duplicates',
    history: () => plus(run(), { ...find(run(), { kind: 'delivered', id: id(9) }), at: at(1350) }),
  },
  {
    lie: 'a subject without its own record of arrivals gets an event twice on the wire',
    convicts: 'wire-duplicates',
    history: () => {
      const history = run();
      const bytes = history.find((r) => r.kind === 'wire' && r.at > at(500) && r.event === 'bytes');
      if (!bytes) throw new Error('no bytes to repeat');
      return plus(
        history.filter((r) => r.kind !== 'delivered'),
        { ...bytes, at: at(550) },
      );
    },
  },
  {
    lie: 'two neighbours are swapped',
    convicts: 'order',
    history: () => changed(run(), { kind: 'processed', id: id(5) }, { at: at(650) }),
  },
  {
    lie: 'a live event overtakes the replay',
    convicts: 'order',
    history: () => changed(run(), { kind: 'processed', id: id(12) }, { at: at(1303) }),
  },
  {
    lie: 'an event of the old epoch follows one of the new',
    convicts: 'order',
    history: () => {
      const renamed = without(run(), { kind: 'wire' }).map((r) =>
        'id' in r && r.id === id(16) ? { ...r, id: id(1, 'epochBBB') } : r,
      );
      return changed(renamed as Records, { kind: 'processed', id: id(15) }, { at: at(1650) });
    },
    expectation: expecting({ streams: { kit: ['s'] } }),
  },
  {
    lie: 'out of order is allowed when reported, and this one is not',
    convicts: 'order',
    history: () =>
      plus(
        changed(
          changed(run(), { kind: 'processed', id: id(5) }, { at: at(650) }),
          { kind: 'processed', id: id(15) },
          { at: at(1650) },
        ),
        { at: at(640), kind: 'out-of-order', subject: 'kit', stream: 's', id: id(5), policy: 'deliver' },
      ),
    expectation: expecting({ order: 'reported' }),
  },
];
