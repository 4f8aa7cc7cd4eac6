import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../testing/index.ts';
import { createDelivery, type DeliveryPorts } from './delivery.ts';
import { WireEvent } from './event.ts';

const event = (id: string) => new WireEvent('message', id, id, { format: 'auto', url: '' });

/** A delivery with one lane, what it committed, and the reasons to stop that nobody acted on. */
function setUp(handle: DeliveryPorts['handle']) {
  const committed: Array<string | null> = [];
  const stops: unknown[] = [];
  const delivery = createDelivery(
    {
      clock: new VirtualClock(),
      random: () => 0.5,
      handle,
      failure: { attempts: 1, baseMs: 1, maxMs: 1, otherwise: 'stop' },
      startedAt: () => 0,
      commit: (cursor) => committed.push(cursor),
      fact: () => undefined,
      stop: (error) => stops.push(error),
    },
    { limit: 1, key: () => '' },
  );
  return { committed, stops, delivery };
}

describe('delivery', () => {
  it('commits in the same turn what a synchronous handler did, and leaves nothing to wait for', () => {
    const { committed, delivery } = setUp(() => undefined);
    delivery.offer(event('a'), 'a');
    delivery.offer(null, 'b');
    expect([committed, delivery.idle(), delivery.drained()]).toEqual([['a', 'b'], null, null]);
  });

  it('keeps a move behind the event before it', async () => {
    const { committed, delivery } = setUp(async () => undefined);
    delivery.offer(event('a'), 'a');
    delivery.offer(null, 'b');
    expect(committed).toEqual([]);
    await delivery.drained();
    expect([committed, delivery.idle()]).toEqual([['a', 'b'], null]);
  });

  it('hands over nothing behind an event that stops it, however late the stop takes effect', () => {
    const seen: unknown[] = [];
    const { committed, stops, delivery } = setUp(({ id }) => {
      seen.push(id);
      if (id === 'b') throw 'stop here';
    });
    for (const id of ['a', 'b', 'c']) delivery.offer(event(id), id);
    expect([seen, committed, stops]).toEqual([['a', 'b'], ['a'], ['stop here']]);
    delivery.stop();
    delivery.start();
    delivery.offer(event('b2'), 'b2');
    expect(committed).toEqual(['a', 'b2']);
  });
});
