import { describe, expect, it } from 'vitest';
import type { MemoryExchange } from '../testing/index.ts';
import { virtualClient } from './virtual.fixture.ts';

const timed = (id: string, time: string) =>
  `id: ${id}\ndata: ${JSON.stringify({ specversion: '1.0', id, source: 's', type: 't', time, data: id })}\n\n`;

describe('order by time', () => {
  const early = '2026-11-22T08:00:00.000Z';
  const later = '2026-11-22T08:00:01.000Z';
  const swapped = (exchange: MemoryExchange): void => exchange.write(timed('b', later) + timed('a', early));

  it('waits for late events for the time of the buffer', async () => {
    const { clock, seen } = virtualClient(swapped, { order: { by: 'time', bufferMs: 50 } });
    await clock.advance(49);
    expect(seen).toEqual([]);
    await clock.advance(1);
    expect(seen).toEqual(['a', 'b']);
  });

  it('delivers or drops late events with a callback when told to', async () => {
    const deliver = virtualClient(swapped, { order: { by: 'time', late: 'deliver' } });
    const drop = virtualClient(swapped, { order: { by: 'time', late: 'drop' } });
    await deliver.clock.advance(0);
    await drop.clock.advance(0);
    expect([deliver.seen, drop.seen]).toEqual([['b', 'a'], ['b']]);
    expect(deliver.kinds('out-of-order')).toMatchObject([{ id: 'a', action: 'delivered' }]);
    expect(drop.kinds('out-of-order')).toMatchObject([{ id: 'a', action: 'dropped' }]);
  });

  it('gives an event that cannot be read to its handler, which fails, and goes on', async () => {
    const { clock, network, seen, kinds } = virtualClient(
      (exchange) => exchange.write(`id: x\ndata: {"broken\n\n${timed('b', later)}`),
      { order: { by: 'time', late: 'deliver' } },
    );
    await clock.advance(5000);
    expect([seen, network.exchanges.length]).toEqual([['b'], 1]);
    expect(kinds('dead-letter')).toMatchObject([{ error: { code: 'ERR_ENVELOPE_JSON' } }]);
  });

  it('forgets what it dropped: sent again it is late again, and no duplicate of what nobody got', async () => {
    const { clock, seen, kinds } = virtualClient(
      (exchange) => exchange.write(timed('b', later) + timed('a', early).repeat(2)),
      { order: { by: 'time', late: 'drop' } },
    );
    await clock.advance(0);
    expect([seen, kinds('out-of-order').length, kinds('duplicate')]).toEqual([['b'], 2, []]);
  });
});
