import { describe, expect, it } from 'vitest';
import { encodeStreamEnd } from '../protocol/control.ts';
import { encodeHeartbeat } from '../protocol/heartbeat.ts';
import { EPOCH, event, open } from './one-stream.fixture.ts';
import { virtualClient } from './virtual.fixture.ts';

describe('the end of a stream', () => {
  it('is not taken for complete while an event is missing: it is asked for again', async () => {
    const { clock, seen, stream, cursor, kinds } = virtualClient((exchange) => {
      const missing = exchange.number === 1 ? '' : event(2);
      exchange.write(
        `${open(exchange.number === 1 ? 0 : 1)}${event(1)}${missing}${event(3)}${encodeStreamEnd()}`,
      );
    }, {});
    await clock.advance(2000);
    expect([seen, cursor(1)]).toEqual([[1, 2, 3], `${EPOCH}.1`]);
    expect([await stream.closed, kinds('gap')]).toEqual([{ type: 'complete' }, []]);
  });

  it('is not taken for complete when the heartbeat before it names an event that did not come', async () => {
    const { clock, seen, stream, cursor } = virtualClient((exchange) => {
      const last = exchange.number === 1 ? '' : event(2);
      const head = encodeHeartbeat({ head: { epoch: EPOCH, seq: 2 }, unixMs: 0 });
      exchange.write(`${open(exchange.number === 1 ? 0 : 1)}${event(1)}${last}${head}${encodeStreamEnd()}`);
    }, {});
    await clock.advance(2000);
    expect([seen, cursor(1), await stream.closed]).toEqual([[1, 2], `${EPOCH}.1`, { type: 'complete' }]);
  });

  it('announces what it never brings, and hands over what came behind it', async () => {
    const { clock, seen, stream, kinds } = virtualClient(
      (exchange) => exchange.write(open(0) + event(1) + event(3) + event(5) + encodeStreamEnd()),
      {},
    );
    await clock.advance(20_000);
    expect([seen, await stream.closed]).toEqual([[1, 3, 5], { type: 'complete' }]);
    expect(kinds('gap')).toMatchObject([
      { reason: 'hole', missed: 1 },
      { reason: 'hole', missed: 1 },
    ]);
  });
});

describe('a missing event', () => {
  it('is asked for again at once when more is held than the buffer may hold', async () => {
    const { clock, network, cursor, kinds } = virtualClient((exchange) => exchange.write(open(0)), {
      order: { bufferEvents: 3, bufferMs: 60_000 },
      retry: { baseMs: 100, maxMs: 100 },
    });
    await clock.advance(0);
    for (const seq of [2, 3, 4, 5]) {
      network.exchanges[0]?.write(event(seq));
      await clock.advance(1);
    }
    await clock.advance(100);
    expect([kinds('disconnect'), cursor(1)]).toMatchObject([[{ failure: { cause: 'gap' } }], `${EPOCH}.0`]);
  });
});

describe('a clock that is set back', () => {
  it('makes nobody wait for a missing event longer than told', async () => {
    const { clock, network, cursor } = virtualClient(
      (exchange) => exchange.write(open(0) + (exchange.number === 1 ? event(2) : '')),
      { order: { bufferMs: 500 } },
    );
    await clock.advance(0);
    clock.jumpWall(-3_600_000);
    network.exchanges[0]?.write(': still here\n\n');
    await clock.advance(3000);
    expect(cursor(1)).toBe(`${EPOCH}.0`);
  });
});
