import type { Announced } from '../../history/types.ts';
import { healthyRun, id } from '../testing/build.ts';
import { changed, find, plus, without } from '../testing/edit.ts';
import type { Records } from '../types.ts';
import { at, expecting, request, type SeededBug, unbudgeted } from './case.ts';

const run = healthyRun;
const second = { kind: 'request', connection: 'kit-s-c2' } as const;
const secondOpen = { kind: 'open', attempt: 2 } as const;
const mayLose = expecting({ guarantee: 'at-most-once' });
const mayAnnounce = expecting({ guarantee: 'announced-loss' });

/** Events 11 and 12 fall off the log during the cut, and the client says so. */
function evicted(change: Partial<Announced> = {}): Records {
  const gone = without(
    run(),
    ...[11, 12].flatMap((n) => [
      { kind: 'delivered', id: id(n) } as const,
      { kind: 'processed', id: id(n) } as const,
    ]),
  );
  const said: Announced = {
    at: at(1255.2),
    kind: 'announced',
    subject: 'kit',
    what: 'cannot-resume',
    reason: 'expired',
    missed: 2,
    after: id(10),
    from: id(12),
    ...change,
  };
  return plus(gone, said);
}

/** A run whose loss is honestly announced; acquitted under `announced-loss`. */
export const honestLoss = (): Records => evicted();

/** The same on a live connection: no request, so no requested cursor says where the loss begins. */
const LIVE = { reason: 'too-slow', after: null };
export const honestLiveLoss = (): Records => evicted(LIVE);

/** Lies about cursors and announcements. */
export const resumeBugs: readonly SeededBug[] = [
  {
    lie: 'the cursor is committed before the handler has finished',
    convicts: 'resume',
    history: () =>
      changed(without(run(), { kind: 'delivered', id: id(11) }, { kind: 'processed', id: id(11) }), second, {
        lastEventId: id(11),
      }),
    expectation: mayLose,
  },
  {
    lie: 'the id of a half-read event becomes the cursor',
    convicts: 'resume',
    history: () => changed(run(), second, { lastEventId: 'epochAAA.1' }),
    expectation: unbudgeted(['holesOnWire']), // the wire answers the cursor that was right
  },
  {
    lie: 'the cursor is none that the stream ever had',
    convicts: 'resume',
    history: () => changed(run(), second, { lastEventId: 'garbage' }),
  },
  {
    lie: 'heartbeats carry ids of their own, and one becomes the cursor',
    convicts: 'resume',
    history: () => changed(run(), second, { lastEventId: 'hb-17' }),
  },
  {
    lie: 'the cursor is written too rarely',
    convicts: 'resume',
    history: () => changed(run(), second, { lastEventId: id(7) }),
    expectation: unbudgeted(['holesOnWire']), // the wire answers the cursor that was right
  },
  {
    lie: 'the cursor in the query is out of date',
    convicts: 'resume',
    history: () => changed(run(), second, { lastEventId: null, url: `/s?lastEventId=${id(3)}` }),
    expectation: unbudgeted(['holesOnWire']), // the wire answers the cursor that was right
  },
  {
    lie: 'the server replays from the cursor instead of after it',
    convicts: 'resume',
    history: () => plus(run(), { ...find(run(), { kind: 'delivered', id: id(10) }), at: at(1255.1) }),
    expectation: unbudgeted(['duplicatesOnWire']),
  },
  {
    lie: 'the server replays from one after the next',
    convicts: 'resume',
    history: () => without(run(), { kind: 'delivered', id: id(11) }, { kind: 'processed', id: id(11) }),
    expectation: mayLose,
  },
  {
    lie: 'nobody saw the requests, and the client itself says that it skipped',
    convicts: 'resume',
    history: () => changed(without(run(), { kind: 'request' }), secondOpen, { lastEventId: id(12) }),
    expectation: unbudgeted(['attempts']),
  },
  {
    lie: 'the cursor is forgotten',
    convicts: 'unresumed',
    history: () => changed(run(), second, { lastEventId: null }),
  },
  {
    lie: 'the cursor is sent empty',
    convicts: 'unresumed',
    history: () => changed(run(), second, { lastEventId: '' }),
  },
  {
    lie: 'nobody saw the requests, and the client itself says that it started fresh',
    convicts: 'unresumed',
    history: () => changed(without(run(), { kind: 'request' }), secondOpen, { lastEventId: null }),
    expectation: unbudgeted(['attempts']),
  },
  {
    lie: 'the browser repeats a request by itself, without its cursor',
    convicts: 'unresumed',
    history: () => plus(run(), request(1253, null)),
  },
  {
    lie: 'fewer lost than there were',
    convicts: 'announced-loss',
    history: () => evicted({ missed: 1 }),
    expectation: mayAnnounce,
  },
  {
    lie: 'more lost than there were',
    convicts: 'announced-loss',
    history: () => evicted({ missed: 3 }),
    expectation: mayAnnounce,
  },
  {
    lie: 'fewer lost on a live connection than there were',
    convicts: 'announced-loss',
    history: () => evicted({ ...LIVE, missed: 1 }),
    expectation: mayAnnounce,
  },
  {
    lie: 'more lost on a live connection than there were',
    convicts: 'announced-loss',
    history: () => evicted({ ...LIVE, missed: 3 }),
    expectation: mayAnnounce,
  },
  {
    lie: 'nothing lost, says the announcement',
    convicts: 'announced-loss',
    history: () => evicted({ missed: 0 }),
    expectation: mayAnnounce,
  },
  {
    lie: 'events are announced as lost that were handled',
    convicts: 'announced-loss',
    history: () => plus(run(), { ...find(honestLoss(), { kind: 'announced' }), at: at(1255.2) }),
    expectation: mayAnnounce,
  },
  {
    lie: 'a loss is announced where none is allowed',
    convicts: 'announced-loss',
    history: () => evicted(),
  },
  {
    lie: 'the same loss is announced again at the next reconnect',
    convicts: 'announced-loss',
    history: () => plus(evicted(), { ...find(evicted(), { kind: 'announced' }), at: at(1900) }),
    expectation: mayAnnounce,
  },
  {
    lie: 'the reason is another one',
    convicts: 'announced-loss',
    history: () => evicted({ reason: 'unknown' }),
    expectation: expecting({ guarantee: 'announced-loss', announced: { reasons: ['expired'] } }),
  },
  {
    lie: 'the number is withheld although it can be known',
    convicts: 'announced-loss',
    history: () => evicted({ missed: null }),
    expectation: expecting({ guarantee: 'announced-loss', announced: { missed: 2 } }),
  },
  {
    lie: 'the log was lost, and nobody says so',
    convicts: 'announced-loss',
    history: run,
    expectation: expecting({ guarantee: 'announced-loss', announced: { reasons: ['epoch-changed'] } }),
  },
];
