import { describe, expect, it } from 'vitest';
import { encodeCannotResume, encodeStreamOpen } from '../protocol/control.ts';
import { parseVector } from '../protocol/vector-cursor.ts';
import { beat, event, opening, run, vector, zero } from './several-streams.fixture.ts';
import { committedBy } from './vector-sequencer.ts';

describe('several streams on one response', () => {
  it('recognises a repetition by the own entry, whatever the other entries say', async () => {
    const { clock, seen, kinds, stream } = run((exchange) => {
      opening(exchange, zero());
      exchange.write(event('orders', 1, zero()));
      exchange.write(event('c', 1, { ...zero(), orders: 1 }));
      exchange.write(event('orders', 1, { ...zero(), c: 1 }));
    });
    await clock.advance(0);
    expect(seen).toEqual(['orders 1', 'c 1']);
    expect(kinds('duplicate')).toMatchObject([{ stream: 'orders' }]);
    expect(parseVector(stream.stats().cursor ?? '')?.map(({ position }) => position.seq)).toEqual([1, 0, 1]);
  });

  it('holds one stream at a hole while the others go on, and never commits past the hole', async () => {
    const { clock, seen, stream, cursor } = run(
      (exchange) => {
        const marks = opening(exchange, zero());
        if (exchange.number > 1) return;
        marks.orders = 2; // the first one was lost on the way
        exchange.write(event('orders', 2, marks));
        exchange.write(event('c', 1, marks));
      },
      { order: { bufferMs: 1000 } },
    );
    await clock.advance(500);
    expect(seen).toEqual(['c 1']);
    expect(stream.stats().cursor).toBe('orders=epoch-of-0.0;chat%2Froom%201=epoch-of-1.0;c=epoch-of-2.1');
    await clock.advance(1000);
    expect(cursor(1)).toBe('orders=epoch-of-0.0;chat%2Froom%201=epoch-of-1.0;c=epoch-of-2.1');
  });

  it('announces a hole that is sent twice, for its own stream', async () => {
    const { clock, seen, kinds } = run((exchange) => {
      const marks = opening(exchange, zero());
      exchange.write(event('orders', 2, marks));
      if (exchange.number === 2) exchange.write(event('c', 1, marks));
    });
    await clock.advance(5000);
    expect(seen).toEqual(['c 1', 'orders 2']);
    expect(kinds('gap')).toMatchObject([
      { stream: 'orders', reason: 'hole', after: 'epoch-of-0.0', from: 'epoch-of-0.1', missed: 1 },
    ]);
  });

  it('notices by the vector of a heartbeat which stream lost its tail', async () => {
    const heads = { ...zero(), orders: 1, c: 2 };
    const { clock, seen, kinds } = run((exchange) => {
      const marks = opening(exchange, heads);
      if (exchange.number === 1) {
        exchange.write(event('orders', 1, marks) + event('c', 1, { ...marks, orders: 1 }));
        exchange.write(beat(heads, 7));
      } else exchange.write(event('c', 2, { ...marks, c: 2 }));
    });
    await clock.advance(500);
    expect(kinds('heartbeat')).toMatchObject([{ lagEvents: 1, serverUnixMs: 7 }]);
    expect(kinds('liveness')).toMatchObject([{ cause: 'tail-loss' }]);
    expect(seen).toEqual(['orders 1', 'c 1', 'c 2']);
  });

  it('is content with a heartbeat whose heads it has all seen', async () => {
    const { clock, network, kinds } = run((exchange) => {
      opening(exchange, zero());
      exchange.write(beat(zero(), 1));
    });
    await clock.advance(5000);
    expect(kinds('heartbeat')).toMatchObject([{ lagEvents: 0 }]);
    expect([network.exchanges.length, kinds('liveness')]).toEqual([1, []]);
  });

  it('resumes each stream after a cut before the first event', async () => {
    const { clock, cursor } = run((exchange) => {
      opening(exchange, zero());
      if (exchange.number === 1) exchange.fail();
    });
    await clock.advance(200);
    expect(cursor(1)).toBe('orders=epoch-of-0.0;chat%2Froom%201=epoch-of-1.0;c=epoch-of-2.0');
  });

  it.each([
    ['start-fresh', 'chat%2Froom%201=epoch-of-1.0;c=epoch-of-2.0;orders=epoch-of-0.9'],
    ['a snapshot', 'chat%2Froom%201=epoch-of-1.0;c=epoch-of-2.0;orders=epoch-of-0.7'],
  ])(
    'goes on from the place that %s chose in the stream that lost events, and as before in the others',
    async (how, wanted) => {
      const { clock, cursor, kinds } = run(
        (exchange) => {
          if (exchange.number > 1) return void opening(exchange, zero());
          const marks = zero();
          const loss = {
            stream: 'orders',
            reason: 'expired',
            requested: 'x',
            from: 'epoch-of-0.5',
            missed: 5,
          };
          const body = { epoch: 'epoch-of-0', head: 9, oldest: 6, resume: 'gap', connection: 'c' } as const;
          exchange.write(
            encodeStreamOpen(
              { ...body, stream: 'orders', heartbeatMs: 0, protocol: 1 },
              vector('orders', 0, marks),
            ) + encodeCannotResume(loss as never, vector('orders', 5, marks)),
          );
        },
        {
          from: vector('orders', 0, zero()),
          cannotResume: how === 'start-fresh' ? 'start-fresh' : () => ({ cursor: 'epoch-of-0.7' }),
        },
      );
      await clock.advance(200);
      expect(kinds('cannot-resume')).toMatchObject([{ stream: 'orders', missed: 5 }]);
      const sorted = (text = '') => text.split(';').sort();
      expect(sorted(cursor(1))).toEqual(sorted(wanted));
    },
  );

  it('begins anew in a stream of which it knows no head, and goes on in the others', async () => {
    const { clock, cursor, kinds } = run(
      (exchange) => {
        if (exchange.number > 1) return;
        const marks = opening(exchange, zero());
        const loss = { reason: 'too-slow', requested: null, from: 'epoch-of-0.5', missed: 5 } as const;
        exchange.write(encodeCannotResume({ stream: 'orders', ...loss }, vector('orders', 5, marks)));
      },
      { cannotResume: 'start-fresh' },
    );
    await clock.advance(200);
    expect(kinds('cannot-resume')).toHaveLength(1);
    expect(cursor(1)).toBe('chat%2Froom%201=epoch-of-1.0;c=epoch-of-2.0');
  });

  it('passes nothing that was not committed by hand in the streams that lost nothing', async () => {
    const { clock, network, seen, cursor, stream } = run(
      (exchange) => {
        const marks = opening(exchange, zero());
        if (exchange.number === 1) exchange.write(event('c', 1, marks) + event('c', 2, marks));
      },
      { commit: 'manual', cannotResume: () => ({ cursor: 'epoch-of-0.7' }) },
    );
    await clock.advance(0);
    stream.commit(vector('c', 1, zero()));
    const loss = { reason: 'too-slow', requested: null, from: 'epoch-of-0.5', missed: 5 } as const;
    network.exchanges[0]?.write(
      encodeCannotResume({ stream: 'orders', ...loss }, vector('orders', 5, zero())),
    );
    await clock.advance(200);
    expect(seen).toEqual(['c 1', 'c 2']);
    expect(cursor(1)).toBe('orders=epoch-of-0.7;c=epoch-of-2.1;chat%2Froom%201=epoch-of-1.0');
  });

  it('lets an application commit one stream without the others', () => {
    const before = 'a=epoch-aa.1;b=epoch-bb.1';
    expect(committedBy(before, 'b=epoch-bb.3;a=epoch-aa.9')).toBe('b=epoch-bb.3;a=epoch-aa.1');
    expect(committedBy('epoch-aa.1', 'epoch-aa.2')).toBe('epoch-aa.2');
    expect(committedBy(null, before)).toBe(before);
  });

  it('dedupes per stream by the window where order is not by sequence, over reconnects too', async () => {
    const { clock, seen, kinds } = run(
      (exchange) => {
        const marks = opening(exchange, zero());
        exchange.write(event('orders', 1, marks) + event('c', 1, marks));
        if (exchange.number === 1) exchange.end();
      },
      { order: { by: 'none' } },
    );
    await clock.advance(500);
    expect(seen).toEqual(['orders 1', 'c 1']);
    expect(kinds('duplicate')).toHaveLength(2);
  });

  it('waits for each hole its own time', async () => {
    const { clock, seen, kinds, network } = run(
      (exchange) => {
        const marks = opening(exchange, zero());
        exchange.write(event('orders', 2, marks)); // never the first
        if (exchange.number === 2) clock.setTimeout(() => exchange.write(event('c', 2, marks)), 900);
        if (exchange.number === 2) clock.setTimeout(() => exchange.write(event('c', 1, marks)), 1100);
      },
      { order: { bufferMs: 1000 } },
    );
    await clock.advance(5000);
    expect(seen).toEqual(['orders 2', 'c 1', 'c 2']);
    expect([network.exchanges.length, kinds('gap').length]).toEqual([2, 1]);
  });

  it('forgets a stream that the response carries no more', async () => {
    const { clock, stream } = run((exchange) => {
      if (exchange.number === 1) {
        opening(exchange, zero());
        exchange.end();
        return;
      }
      const id = 'orders=epoch-of-0.0;c=epoch-of-2.0';
      const body = { epoch: 'epoch-of-0', head: 0, oldest: 1, resume: 'ok', connection: 'c' } as const;
      exchange.write(encodeStreamOpen({ ...body, stream: 'orders', heartbeatMs: 0, protocol: 1 }, id));
    });
    await clock.advance(500);
    expect(stream.stats().cursor).toBe('orders=epoch-of-0.0;c=epoch-of-2.0');
  });

  it('takes the first hole for the event that was too large, and no other', async () => {
    const { clock, kinds, seen } = run(
      (exchange) => {
        const marks = opening(exchange, zero());
        exchange.write(`${event('orders', 1, marks)}id: x\ndata: ${'x'.repeat(500)}\n\n`);
        exchange.write(event('orders', 3, marks) + event('c', 2, marks) + event('c', 1, marks));
      },
      { bounds: { maxEventBytes: 400 } },
    );
    await clock.advance(0);
    expect(kinds('gap')).toMatchObject([{ stream: 'orders', reason: 'too-large', missed: 1 }]);
    expect(seen).toEqual(['orders 1', 'orders 3', 'c 1', 'c 2']);
  });

  it('moves no stream back for an event without an id', async () => {
    const { clock, seen, stream } = run((exchange) => {
      const marks = opening(exchange, zero());
      exchange.write(`${event('c', 1, marks)}data: "nameless"\n\n`);
    });
    await clock.advance(0);
    expect(seen).toEqual(['c 1', 'nameless']);
    expect(stream.stats().cursor).toMatch(/;c=epoch-of-2\.1$/);
  });

  it('asks again for what was dropped unhandled when it was closed and connects anew', async () => {
    let finish = (): void => undefined;
    const { clock, stream, cursor } = run(
      (exchange) => {
        const marks = opening(exchange, zero());
        if (exchange.number === 1) exchange.write(event('orders', 1, marks) + event('orders', 2, marks));
        else if (exchange.number === 2) {
          exchange.write(event('c', 1, marks));
          exchange.end();
        }
      },
      {
        onEvent: ({ data }) =>
          data === 'orders 1' ? new Promise<void>((resolve) => (finish = resolve)) : undefined,
      },
    );
    await clock.advance(0);
    void stream.close();
    finish();
    await clock.advance(0);
    stream.reconnect();
    await clock.advance(500);
    expect(cursor(2)).toMatch(/^orders=epoch-of-0\.1;.*;c=epoch-of-2\.1$/);
  });
});
