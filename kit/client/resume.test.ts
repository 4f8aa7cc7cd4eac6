import { describe, expect, it } from 'vitest';
import { encodeCannotResume, encodeStreamOpen } from '../protocol/control.ts';
import type { MemoryExchange } from '../testing/index.ts';
import { type ConnectOptions, memoryCursorStore } from './index.ts';
import { at, EPOCH, event, opaque, open, run } from './one-stream.fixture.ts';

describe('opaque ids', () => {
  it('are remembered in a window, which a store keeps with the cursor', async () => {
    const store = memoryCursorStore();
    const first = run((exchange) => exchange.write(opaque('a') + opaque('b') + opaque('a')), { store });
    await first.clock.advance(0);
    await first.stream.close();
    expect(first.seen).toEqual(['a', 'b']);
    const second = run((exchange) => exchange.write(opaque('b') + opaque('c')), { store });
    await second.clock.advance(0);
    expect(second.network.exchanges[0]?.request.headers['last-event-id']).toBe('b');
    expect([second.seen, second.kinds('duplicate').length]).toEqual([['c'], 1]);
  });

  it.each([
    ['buffer', ['1', '2', '3'], ['1', '2', '3'], 0],
    ['drop', ['2', '3'], [], 1],
    ['deliver', ['2', '1', '3'], [], 1],
  ] as const)(
    'that are numbers can give the order: late ones %s',
    async (late, afterwards, held, reports) => {
      const { clock, seen, kinds } = run(
        (exchange) => exchange.write(opaque('2') + opaque('1') + opaque('3')),
        {
          order: { by: 'id', late, bufferMs: 100 },
        },
      );
      await clock.advance(0);
      expect(seen.length).toBe(held.length > 0 ? 0 : afterwards.length);
      await clock.advance(100);
      expect(seen).toEqual(afterwards);
      expect(kinds('out-of-order')).toHaveLength(reports);
    },
  );
});

describe('a cursor out of a store', () => {
  it('makes events redeliveries that an earlier process may have handled, on the first connection only', async () => {
    const marks: unknown[] = [];
    const { clock, network, stream } = run(
      (exchange) => exchange.write(open(exchange.number + 1, 'ok') + event(exchange.number + 1)),
      {
        store: { load: () => ({ cursor: `${EPOCH}.1`, dedupe: [] }), save: () => undefined },
        onEvent: ({ data, redelivery }) => void marks.push([data, redelivery]),
      },
    );
    await clock.advance(0);
    stream.reconnect();
    await clock.advance(0);
    expect(network.exchanges).toHaveLength(2);
    expect(marks).toEqual([
      [2, true],
      [3, false],
    ]);
  });

  it('makes them redeliveries after a loss, and on later connections, up to what there was at first', async () => {
    const marks: unknown[] = [];
    const loss = { reason: 'expired', requested: `${EPOCH}.1`, from: `${EPOCH}.3`, missed: 2 } as const;
    const first = encodeStreamOpen(
      {
        stream: 's',
        epoch: EPOCH,
        head: 6,
        oldest: 4,
        resume: 'gap',
        heartbeatMs: 0,
        connection: 'c',
        protocol: 1,
      },
      at(3),
    );
    const { clock, stream } = run(
      (exchange) => {
        if (exchange.number === 1) exchange.write(first + encodeCannotResume(loss, at(3)) + event(4));
        else exchange.write(open(7, 'ok') + event(5) + event(6) + event(7));
      },
      {
        store: { load: () => ({ cursor: `${EPOCH}.1`, dedupe: [] }), save: () => undefined },
        onEvent: ({ data, redelivery }) => void marks.push([data, redelivery]),
      },
    );
    await clock.advance(0);
    stream.reconnect();
    await clock.advance(0);
    expect(marks).toEqual([
      [4, true],
      [5, true],
      [6, true],
      [7, false],
    ]);
  });

  it.each([
    [1000, false],
    [999, true],
  ])(
    'keeps the heads of a thousand logs, not of all that a server names (%i others)',
    async (others, redelivery) => {
      const named = (epoch: string) =>
        encodeStreamOpen(
          {
            stream: 's',
            epoch,
            head: 9,
            oldest: 1,
            resume: 'ok',
            heartbeatMs: 0,
            connection: 'c',
            protocol: 1,
          },
          { epoch, seq: 1 },
        );
      const marks: unknown[] = [];
      const { clock } = run(
        (exchange) => {
          for (let n = 0; n < others; n++) exchange.write(named(`other-${n + 1000}`));
          exchange.write(named(EPOCH) + event(2));
        },
        {
          store: { load: () => ({ cursor: `${EPOCH}.1`, dedupe: [] }), save: () => undefined },
          onEvent: (event) => void marks.push(event.redelivery),
        },
      );
      await clock.advance(0);
      expect(marks).toEqual([redelivery]);
    },
  );
});

describe('a server that cannot resume', () => {
  const gap = (exchange: MemoryExchange): void => {
    const resumed = exchange.request.headers['last-event-id'];
    if (resumed === `${EPOCH}.1`) {
      exchange.write(
        `${encodeStreamOpen({ stream: 's', epoch: EPOCH, head: 9, oldest: 6, resume: 'gap', heartbeatMs: 0, connection: 'c', protocol: 1 }, at(5))}` +
          `id: ${EPOCH}.5\nevent: stream.cannot-resume\ndata: ${JSON.stringify({ reason: 'expired', requested: `${EPOCH}.1`, from: `${EPOCH}.5`, missed: 4 })}\n\n${event(6)}`,
      );
    } else
      exchange.write(
        open(Number(resumed?.split('.')[1] ?? 9), 'ok') + event(Number(resumed?.split('.')[1]) + 1),
      );
  };
  it.each<[string, ConnectOptions['cannotResume'], unknown[]]>([
    ['goes on with what is left', undefined, [6]],
    ['starts fresh', 'start-fresh', [10]],
    ['goes on after a snapshot', async () => ({ cursor: `${EPOCH}.7` }), [8]],
    ['goes on with what is left when the snapshot fails', () => Promise.reject(new Error('no')), [6]],
  ])('%s', async (_what, cannotResume, expected) => {
    const { clock, seen, kinds } = run(gap, {
      from: `${EPOCH}.1`,
      ...(cannotResume ? { cannotResume } : {}),
    });
    await clock.advance(10);
    expect(seen).toEqual(expected);
    expect(kinds('cannot-resume')).toMatchObject([{ reason: 'expired', missed: 4 }]);
  });

  it.each(['start-fresh', () => ({ cursor: `${EPOCH}.7` })] as const)(
    'is not asked again for what was lost, though the application commits by hand',
    async (cannotResume) => {
      const { clock, network, stream, seen, kinds } = run(
        (exchange) => (exchange.number === 1 ? exchange.write(open(1) + event(2)) : gap(exchange)),
        { from: `${EPOCH}.1`, commit: 'manual', cannotResume },
      );
      await clock.advance(0);
      stream.reconnect();
      await clock.advance(10_000);
      expect([network.exchanges.length, kinds('cannot-resume').length, seen.length]).toEqual([3, 1, 2]);
    },
  );

  it('is not told again by a server that goes on after the loss, though the application commits by hand', async () => {
    const loss = { reason: 'expired', requested: `${EPOCH}.2`, from: `${EPOCH}.5`, missed: 3 } as const;
    const { clock, stream, seen, cursor } = run(
      (exchange) => {
        if (exchange.number === 1) exchange.write(open(1) + event(2));
        else if (exchange.number === 2) exchange.write(open(5, 'gap') + encodeCannotResume(loss, at(5)));
        else exchange.write(open(5, 'ok') + event(6));
      },
      { from: `${EPOCH}.1`, commit: 'manual' },
    );
    await clock.advance(0);
    stream.commit(`${EPOCH}.2`);
    for (let times = 0; times < 2; times++) {
      stream.reconnect();
      await clock.advance(0);
    }
    expect([0, 1, 2].map(cursor)).toEqual([`${EPOCH}.1`, `${EPOCH}.2`, `${EPOCH}.5`]);
    expect(seen).toEqual([2, 6]);
  });

  it.each(['start-fresh', async () => ({ cursor: `${EPOCH}.7` })] as const)(
    'whatever it is asked is not asked in a hot loop',
    async (cannotResume) => {
      const { clock, network, stream, kinds } = run(
        (exchange) => {
          const requested = exchange.request.headers['last-event-id'] ?? null;
          const loss = { reason: 'malformed', requested, from: `${EPOCH}.5`, missed: null } as const;
          exchange.write(open(9, 'gap') + encodeCannotResume(loss, at(5)));
        },
        { from: `${EPOCH}.1`, cannotResume },
      );
      await clock.advance(60_000);
      expect(network.exchanges.length).toBeLessThan(25);
      expect(network.exchanges.length).toBeGreaterThan(5);
      expect([stream.state, kinds('cannot-resume').length]).toEqual(['waiting', network.exchanges.length]);
    },
  );

  it('is left to go on where it can, when it cannot go on from the chosen place either', async () => {
    const { clock, network, seen, cursor } = run(
      (exchange) => {
        const requested = exchange.request.headers['last-event-id'] ?? null;
        const loss = { reason: 'expired', requested, from: `${EPOCH}.5`, missed: null } as const;
        if (requested === loss.from) exchange.write(open(5, 'ok') + event(6));
        else exchange.write(open(9, 'gap') + encodeCannotResume(loss, at(5)));
      },
      { from: `${EPOCH}.1`, cannotResume: () => ({ cursor: `${EPOCH}.2` }) },
    );
    await clock.advance(5000);
    expect([0, 1, 2].map(cursor)).toEqual([`${EPOCH}.1`, `${EPOCH}.2`, `${EPOCH}.5`]);
    expect([seen, network.exchanges.length]).toEqual([[6], 3]);
  });

  it('is heard once when the wire repeats it, and nothing is handled twice', async () => {
    const loss = { reason: 'expired', requested: `${EPOCH}.1`, from: `${EPOCH}.5`, missed: 4 } as const;
    const { clock, seen, kinds, stream } = run(
      (exchange) => {
        const said = open(9, 'gap') + encodeCannotResume(loss, at(5)) + event(6) + event(7);
        exchange.write(said + said + event(8));
      },
      { from: `${EPOCH}.1` },
    );
    await clock.advance(5000);
    expect([seen, kinds('cannot-resume').length, stream.stats().cursor]).toEqual([
      [6, 7, 8],
      1,
      `${EPOCH}.8`,
    ]);
  });

  it('ends the client when told to', async () => {
    const { clock, stream } = run(gap, { from: `${EPOCH}.1`, cannotResume: 'close' });
    await clock.advance(10);
    expect(await stream.closed).toEqual({ type: 'closed', cause: 'cannot-resume: expired' });
  });
});
