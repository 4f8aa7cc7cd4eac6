import http from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeHandler } from '../adapters/node-http.ts';
import { encodeCannotResume, encodeStreamOpen } from '../protocol/control.ts';
import { formatVector, parseVector } from '../protocol/vector-cursor.ts';
import { createMemoryLog, createStreamHub, type StreamHubOptions } from '../server/index.ts';
import type { MemoryExchange } from '../testing/index.ts';
import type { ClientFact, ConnectOptions, StreamHandle } from './index.ts';
import { connect as connectNode } from './node/index.ts';
import { afterwards } from './scripted.fixture.ts';
import { committedBy } from './vector-sequencer.ts';
import { virtualClient } from './virtual.fixture.ts';

const NAMES = ['orders', 'chat/room 1', 'c'] as const;
type Name = (typeof NAMES)[number];
const epochOf = (name: Name): string => `epoch-of-${NAMES.indexOf(name)}`;
type Marks = Record<Name, number>;
const zero = (): Marks => ({ orders: 0, 'chat/room 1': 0, c: 0 });

/** The vector of a frame of `own`, on a response that wrote up to `marks`. */
function vector(own: Name, seq: number, marks: Marks): string {
  const entry = (stream: Name, at: number) => ({ stream, position: { epoch: epochOf(stream), seq: at } });
  const others = NAMES.filter((name) => name !== own).map((name) => entry(name, marks[name]));
  return formatVector([entry(own, seq), ...others]);
}
const event = (own: Name, seq: number, marks: Marks) =>
  `id: ${vector(own, seq, marks)}\ndata: ${JSON.stringify(`${own} ${seq}`)}\n\n`;
const beat = (heads: Marks, unixMs: number) => `: hb ${vector('orders', heads.orders, heads)} ${unixMs}\n\n`;

/** What a request asks for, per stream; 0 where it names no place. */
function askedFor({ request }: MemoryExchange): Marks {
  const marks = zero();
  for (const { stream, position } of parseVector(request.headers['last-event-id'] ?? '') ?? []) {
    if (stream in marks && position.epoch === epochOf(stream as Name)) marks[stream as Name] = position.seq;
  }
  return marks;
}

function opening(exchange: MemoryExchange, heads: Marks): Marks {
  const marks = askedFor(exchange);
  const resume = exchange.request.headers['last-event-id'] === undefined ? 'fresh' : 'ok';
  for (const stream of NAMES) {
    const epoch = epochOf(stream);
    const body = { stream, epoch, head: heads[stream], oldest: 1, resume, connection: 'c' } as const;
    exchange.write(
      encodeStreamOpen({ ...body, heartbeatMs: 0, protocol: 1 }, vector(stream, marks[stream], marks)),
    );
  }
  return marks;
}

const run = (serve: (exchange: MemoryExchange) => void, options: ConnectOptions = {}) =>
  virtualClient(serve, { retry: { baseMs: 100, maxMs: 100, jitter: 0 }, ...options });

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

  it('loses nothing silently, repeats nothing and keeps the order of each stream, whatever the wire does', async () => {
    const which = fc.constantFrom(...NAMES);
    const action = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('send' as const), of: which }) },
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constantFrom('drop' as const, 'again' as const, 'swap' as const),
          of: which,
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constantFrom('cut' as const, 'beat' as const), of: which }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), of: which }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
        const heads = zero();
        let marks = zero();
        let healed = false;
        const replay = (exchange: MemoryExchange): void => {
          for (const name of NAMES) {
            while (marks[name] < heads[name]) {
              marks[name]++;
              exchange.write(event(name, marks[name], marks));
            }
          }
        };
        const { clock, network, facts, seen, stream } = run(
          (exchange) => {
            marks = opening(exchange, heads);
            if (healed || exchange.number > 1) replay(exchange);
          },
          { order: { bufferMs: 50 } },
        );
        await clock.advance(0);
        const write = (text: string): void => network.exchanges.at(-1)?.write(text);
        for (const { do: what, of } of actions) {
          if (what === 'wait') await clock.advance(60);
          else if (what === 'cut') network.exchanges.at(-1)?.fail();
          else if (what === 'beat') write(beat(marks, 1));
          else if (what === 'again') {
            if (marks[of] > 0) write(event(of, marks[of], marks));
          } else {
            const first = heads[of] + 1;
            heads[of] += what === 'swap' ? 2 : 1;
            marks[of] = heads[of];
            if (what === 'swap') write(event(of, first + 1, marks) + event(of, first, marks));
            if (what === 'send') write(event(of, first, marks));
          }
          await clock.advance(1);
        }
        healed = true;
        await clock.advance(200);
        write(beat(heads, 1));
        await clock.advance(1000);
        write(beat(heads, 1));
        await clock.advance(1000);
        for (const name of NAMES) {
          const handled = seen.flatMap((data) => {
            const [, seq] = new RegExp(`^${name} (\\d+)$`).exec(String(data)) ?? [];
            return seq ? [Number(seq)] : [];
          });
          expect(handled).toEqual([...new Set(handled)].sort((a, b) => a - b));
          const announced = facts.flatMap((fact) =>
            fact.kind === 'gap' && fact.stream === name
              ? [[Number(fact.after?.split('.')[1]), Number(fact.from?.split('.')[1])] as const]
              : [],
          );
          for (let seq = 1; seq <= heads[name]; seq++) {
            const covered = announced.some(([after, from]) => seq > after && seq <= from);
            expect(handled.includes(seq) || covered, `${name} ${seq} of ${heads[name]}`).toBe(true);
          }
        }
        await stream.close();
      }),
      { numRuns: 150 },
    );
  });
});

describe('a hub with several streams on one connection', () => {
  async function hubServer(options: StreamHubOptions = {}) {
    const hub = createStreamHub({ heartbeatMs: 50, ...options });
    const server = http.createServer(nodeHandler(() => hub.streams(['a', 'b/1'])));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    afterwards(async () => {
      await hub.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return { hub, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
  }

  it('is followed through cuts in mid-stream, in order and once per stream', async () => {
    const { hub, server, url } = await hubServer();
    const facts: ClientFact[] = [];
    const seen: Record<string, number[]> = { '/streams/a': [], '/streams/b%2F1': [] };
    const stream: StreamHandle = connectNode(url, {
      retry: { baseMs: 5, maxMs: 20 },
      observe: (fact) => facts.push(fact),
      onEvent: ({ envelope, data }) => void seen[envelope?.source ?? '']?.push(Number(data)),
    });
    afterwards(() => stream.close());
    await expect.poll(() => stream.state).toBe('open');
    const wanted = Array.from({ length: 60 }, (_, n) => n);
    for (const n of wanted) {
      await hub.stream('a').publish('tick', n);
      if (n % 3 === 0) await hub.stream('b/1').publish('tick', n);
      if (n % 20 === 19) server.closeAllConnections();
      if (n % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await expect
      .poll(() => seen, { timeout: 8000 })
      .toEqual({ '/streams/a': wanted, '/streams/b%2F1': wanted.filter((n) => n % 3 === 0) });
    await expect
      .poll(() => facts.find((fact) => fact.kind === 'heartbeat' && fact.lagEvents === 0), { timeout: 8000 })
      .toBeDefined();
    expect(facts.filter(({ kind }) => kind === 'gap' || kind === 'cannot-resume')).toEqual([]);
    expect(facts.filter(({ kind }) => kind === 'open').length).toBeGreaterThan(1);
    expect(
      parseVector(stream.stats().cursor ?? '')?.map(({ stream: name, position }) => [name, position.seq]),
    ).toEqual([
      ['a', 60],
      ['b/1', 20],
    ]);
  });

  it('announces the loss of one stream and goes on with the other', async () => {
    const { hub, server, url } = await hubServer({ log: () => createMemoryLog({ maxEvents: 3 }) });
    const losses: unknown[] = [];
    const seen: unknown[] = [];
    const stream = connectNode(url, {
      retry: { baseMs: 50, maxMs: 50, jitter: 0 },
      onEvent: ({ data }) => void seen.push(data),
      onCannotResume: ({ stream: of, reason, missed }) => losses.push({ of, reason, missed }),
    });
    afterwards(() => stream.close());
    await expect.poll(() => stream.state).toBe('open');
    await hub.stream('a').publish('tick', 'a0');
    await hub.stream('b/1').publish('tick', 'b0');
    await expect.poll(() => seen.length).toBe(2);
    server.closeAllConnections();
    await expect.poll(() => stream.state).toBe('waiting');
    for (let n = 1; n <= 5; n++) await hub.stream('a').publish('tick', `a${n}`);
    await hub.stream('b/1').publish('tick', 'b1');
    await expect.poll(() => seen.length, { timeout: 8000 }).toBe(6);
    expect(losses).toEqual([{ of: 'a', reason: 'expired', missed: 2 }]);
    expect(seen.slice(2).sort()).toEqual(['a3', 'a4', 'a5', 'b1']);
  });
});
