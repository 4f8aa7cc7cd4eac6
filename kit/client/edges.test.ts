import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import { encodeCannotResume, encodeStreamEnd, encodeStreamOpen } from '../protocol/control.ts';
import { encodeHeartbeat } from '../protocol/heartbeat.ts';
import { type MemoryExchange, memoryNetwork, seededRandom, VirtualClock } from '../testing/index.ts';
import {
  type ClientFact,
  type ConnectOptions,
  type CursorState,
  connect,
  consoleObserver,
  inMemoryMetrics,
  memoryCursorStore,
  noLifecycle,
  type StreamHandle,
} from './index.ts';

const EPOCH = 'epoch-0001';
const event = (seq: number) => `id: ${EPOCH}.${seq}\ndata: ${seq}\n\n`;
const timed = (id: string, time: string) =>
  `id: ${id}\ndata: ${JSON.stringify({ specversion: '1.0', id, source: 's', type: 't', time, data: id })}\n\n`;
const open = (head: number) =>
  encodeStreamOpen(
    {
      stream: 's',
      epoch: EPOCH,
      head,
      oldest: 1,
      resume: 'fresh',
      heartbeatMs: 0,
      connection: 'c',
      protocol: 1,
    },
    { epoch: EPOCH, seq: head },
  );

const streams: StreamHandle[] = [];
afterEach(async () => {
  for (const stream of streams.splice(0)) await stream.close();
});

function run(serve: (exchange: MemoryExchange) => void, options: ConnectOptions) {
  const clock = new VirtualClock();
  const network = memoryNetwork(serve);
  const facts: ClientFact[] = [];
  const seen: unknown[] = [];
  const { observe = [] } = options;
  const stream = connect('http://test/stream', {
    onEvent: ({ data }) => void seen.push(data),
    ...options,
    observe: [(fact) => void facts.push(fact), ...(typeof observe === 'function' ? [observe] : observe)],
    ports: { clock, random: seededRandom(1), transport: network.transport, lifecycle: noLifecycle },
  });
  streams.push(stream);
  const kinds = (kind: ClientFact['kind']) => facts.filter((fact) => fact.kind === kind);
  const cursor = (attempt: number) => network.exchanges[attempt]?.request.headers['last-event-id'];
  return { clock, network, stream, facts, seen, kinds, cursor };
}

describe('an event over its bound', () => {
  const big = (exchange: MemoryExchange): void =>
    exchange.write(`${open(0)}${event(1)}id: ${EPOCH}.2\ndata: ${'x'.repeat(300)}\n\n${event(3)}`);

  it('with tooLarge "close" ends the connection behind what was handled, and is asked for again', async () => {
    const { clock, seen, kinds, cursor } = run(big, { bounds: { maxEventBytes: 250, tooLarge: 'close' } });
    await clock.advance(0);
    expect(seen).toEqual([1]);
    expect(kinds('disconnect')).toMatchObject([{ failure: { cause: 'too-large' } }]);
    await clock.advance(2000);
    expect(cursor(1)).toBe(`${EPOCH}.1`);
  });

  it('with tooLarge "close" is final when the retry policy says so', async () => {
    const { clock, stream } = run(big, {
      bounds: { maxEventBytes: 250, tooLarge: 'close' },
      retry: { decide: ({ cause }) => (cause === 'too-large' ? 'final' : undefined) },
    });
    await clock.advance(0);
    expect(await stream.closed).toMatchObject({ type: 'gave-up', failure: { cause: 'too-large' } });
  });
});

describe('a control frame whose stream has a name that nothing can carry', () => {
  const unnamable = (frame: string): string => frame.replace('"stream":"s"', '"stream":"\\ud800"');

  it.each([
    ['stream.open', unnamable(open(0))],
    [
      'stream.cannot-resume',
      open(0) +
        unnamable(
          encodeCannotResume(
            { stream: 's', reason: 'expired', requested: null, from: `${EPOCH}.0`, missed: 2 },
            { epoch: EPOCH, seq: 0 },
          ),
        ),
    ],
  ])('is reported as one that is unknown, and costs no connection (%s)', async (name, frames) => {
    const { clock, network, seen, kinds } = run(
      (exchange) => exchange.write(frames + event(1) + encodeStreamEnd()),
      {},
    );
    await clock.advance(60_000);
    expect([network.exchanges.length, kinds('error'), seen]).toEqual([1, [], [1]]);
    expect(kinds('control')).toContainEqual(
      expect.objectContaining({ frame: expect.objectContaining({ type: 'unknown', name }) }),
    );
  });
});

describe('the end of a stream', () => {
  it('is not taken for complete while an event is missing: it is asked for again', async () => {
    const { clock, seen, stream, cursor, kinds } = run((exchange) => {
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
    const { clock, seen, stream, cursor } = run((exchange) => {
      const last = exchange.number === 1 ? '' : event(2);
      const head = encodeHeartbeat({ head: { epoch: EPOCH, seq: 2 }, unixMs: 0 });
      exchange.write(`${open(exchange.number === 1 ? 0 : 1)}${event(1)}${last}${head}${encodeStreamEnd()}`);
    }, {});
    await clock.advance(2000);
    expect([seen, cursor(1), await stream.closed]).toEqual([[1, 2], `${EPOCH}.1`, { type: 'complete' }]);
  });

  it('announces what it never brings, and hands over what came behind it', async () => {
    const { clock, seen, stream, kinds } = run(
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

describe('a clock that is set back', () => {
  it('makes nobody wait for a missing event longer than told', async () => {
    const { clock, network, cursor } = run(
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

describe('a missing event', () => {
  it('is asked for again at once when more is held than the buffer may hold', async () => {
    const { clock, network, cursor, kinds } = run((exchange) => exchange.write(open(0)), {
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

describe('order by time', () => {
  const early = '2026-11-22T08:00:00.000Z';
  const later = '2026-11-22T08:00:01.000Z';
  const swapped = (exchange: MemoryExchange): void => exchange.write(timed('b', later) + timed('a', early));

  it('waits for late events for the time of the buffer', async () => {
    const { clock, seen } = run(swapped, { order: { by: 'time', bufferMs: 50 } });
    await clock.advance(49);
    expect(seen).toEqual([]);
    await clock.advance(1);
    expect(seen).toEqual(['a', 'b']);
  });

  it('delivers or drops late events with a callback when told to', async () => {
    const deliver = run(swapped, { order: { by: 'time', late: 'deliver' } });
    const drop = run(swapped, { order: { by: 'time', late: 'drop' } });
    await deliver.clock.advance(0);
    await drop.clock.advance(0);
    expect([deliver.seen, drop.seen]).toEqual([['b', 'a'], ['b']]);
    expect(deliver.kinds('out-of-order')).toMatchObject([{ id: 'a', action: 'delivered' }]);
    expect(drop.kinds('out-of-order')).toMatchObject([{ id: 'a', action: 'dropped' }]);
  });

  it('gives an event that cannot be read to its handler, which fails, and goes on', async () => {
    const { clock, network, seen, kinds } = run(
      (exchange) => exchange.write(`id: x\ndata: {"broken\n\n${timed('b', later)}`),
      { order: { by: 'time', late: 'deliver' } },
    );
    await clock.advance(5000);
    expect([seen, network.exchanges.length]).toEqual([['b'], 1]);
    expect(kinds('dead-letter')).toMatchObject([{ error: { code: 'ERR_ENVELOPE_JSON' } }]);
  });

  it('forgets what it dropped: sent again it is late again, and no duplicate of what nobody got', async () => {
    const { clock, seen, kinds } = run(
      (exchange) => exchange.write(timed('b', later) + timed('a', early).repeat(2)),
      { order: { by: 'time', late: 'drop' } },
    );
    await clock.advance(0);
    expect([seen, kinds('out-of-order').length, kinds('duplicate')]).toEqual([['b'], 2, []]);
  });
});

describe('an `id:` without `data:`', () => {
  /** The cursor that the second request carries, and what else came of such a stream. */
  async function after(text: string, options: ConnectOptions = {}) {
    const ran = run((exchange) => exchange.write(text), options);
    await ran.clock.advance(0);
    const { cursor } = ran.stream.stats();
    ran.stream.reconnect();
    await ran.clock.advance(0);
    return { ...ran, stats: cursor, asked: ran.cursor(1) };
  }

  it.each<[string, string, string | null]>([
    ['is where the client goes on', 'data: a\n\nid: here\n\n', 'here'],
    ['counts behind an event, too', 'id: 1\ndata: a\n\nid: 2\n\n', '2'],
    ['takes the id back when it is empty', 'id: 1\ndata: a\n\nid:\n\n', ''],
    ['counts for nothing before its blank line', 'id: 1\ndata: a\n\nid: 2\n', '1'],
    ['is a position like another', `${open(0)}${event(1)}id: ${EPOCH}.2\n\n`, `${EPOCH}.2`],
    ['passes nothing that is missing', `${open(0)}${event(1)}id: ${EPOCH}.3\n\n`, `${EPOCH}.1`],
    ['does not go back within a log', `${open(0)}${event(1)}${event(2)}id: ${EPOCH}.1\n\n`, `${EPOCH}.2`],
  ])('%s', async (_what, text, expected) => {
    const { stats, asked, kinds } = await after(text);
    expect(stats).toBe(expected);
    expect(asked).toBe(expected || undefined);
    expect(kinds('gap')).toEqual([]);
  });

  it('waits, as the cursor, for the handlers of the events before it', async () => {
    const done: Array<() => void> = [];
    const { clock, stream } = run((exchange) => exchange.write('id: 1\ndata: a\n\nid: 2\n\n'), {
      onEvent: () => new Promise<void>((resolve) => done.push(resolve)),
    });
    await clock.advance(0);
    expect(stream.stats().cursor).toBe(null);
    done[0]?.();
    await clock.advance(0);
    expect(stream.stats().cursor).toBe('2');
  });

  it('is not remembered as an event: one with the same id is none again', async () => {
    const { seen, kinds } = await after('id: 7\n\nid: 7\ndata: 7\n\n');
    expect(seen).toEqual([7]);
    expect(kinds('duplicate')).toHaveLength(1); // the second connection sends the same
  });

  it('announces a loss when it is of another log', async () => {
    const { stats, kinds } = await after(`${open(0)}${event(1)}id: epoch-0002.5\n\n`);
    expect(stats).toBe('epoch-0002.5');
    expect(kinds('gap')[0]).toMatchObject({ reason: 'epoch-changed', after: `${EPOCH}.1`, missed: null });
  });
});

describe('a store that holds what is no cursor', () => {
  it.each<[string, unknown, string | undefined]>([
    ['no window', { cursor: `${EPOCH}.5` }, `${EPOCH}.5`],
    ['a number', { cursor: 5, dedupe: [] }, '5'],
    ['nothing', undefined, undefined],
    ['a text', 'text', undefined],
  ])('%s: the client connects all the same', async (_what, state, expected) => {
    const { clock, network, cursor } = run(() => undefined, {
      store: { load: () => state as never, save: () => undefined },
    });
    await clock.advance(0);
    expect([network.exchanges.length, cursor(0)]).toEqual([1, expected]);
  });
});

describe('a store that does not answer', () => {
  const stuck = () => {
    let answer: (state: CursorState) => void = () => undefined;
    const load = () =>
      new Promise<CursorState>((resolve) => {
        answer = resolve;
      });
    return { store: { load, save: () => undefined }, answer: (state: CursorState) => answer(state) };
  };

  it('is waited for ten seconds; then the client says so and connects without it', async () => {
    const { store, answer } = stuck();
    const { clock, network, kinds, cursor, seen } = run((exchange) => exchange.write(open(0) + event(1)), {
      store,
    });
    await clock.advance(9999);
    expect(network.exchanges).toHaveLength(0);
    await clock.advance(1);
    expect(kinds('error')).toMatchObject([
      { code: 'ERR_CURSOR_STORE', message: expect.stringContaining('the cursor store') },
    ]);
    answer({ cursor: `${EPOCH}.7`, dedupe: [] }); // too late to count
    network.exchanges[0]?.end();
    await clock.advance(1000);
    expect([seen, cursor(0), cursor(1)]).toEqual([[1], undefined, `${EPOCH}.1`]);
  });

  it('leaves no timer behind when it answers, or when the client is closed meanwhile', async () => {
    const { store, answer } = stuck();
    const { clock, stream, cursor } = run((exchange) => exchange.write(open(0)), { store });
    await clock.advance(5000);
    answer({ cursor: `${EPOCH}.7`, dedupe: [] });
    await clock.advance(0);
    expect(cursor(0)).toBe(`${EPOCH}.7`);
    await stream.close();
    const unanswered = run(() => undefined, stuck());
    const closing = unanswered.stream.close();
    await unanswered.clock.advance(10_000);
    expect(await closing).toMatchObject({ type: 'closed' });
    expect([clock.pending, unanswered.clock.pending, unanswered.network.exchanges]).toEqual([0, 0, []]);
  });
});

describe('the option `from` beside a store', () => {
  it('counts while the store is empty, and not afterwards', async () => {
    const store = memoryCursorStore();
    const serve = (exchange: MemoryExchange): void =>
      exchange.write(event(Number(exchange.request.headers['last-event-id']?.split('.')[1]) + 1));
    const options: ConnectOptions = { from: `${EPOCH}.5`, store };
    const first = run(serve, options);
    await first.clock.advance(0);
    await first.stream.close();
    const second = run(serve, options);
    await second.clock.advance(0);
    expect([first.cursor(0), first.seen]).toEqual([`${EPOCH}.5`, [6]]);
    expect([second.cursor(0), second.seen]).toEqual([`${EPOCH}.6`, [7]]);
  });
});

describe('sinks without a dependency', () => {
  const two = (exchange: MemoryExchange): void =>
    exchange.write(`${open(0)}${event(1)}${event(1)}${event(2)}`);

  it('in memory: counts as plain data and as Prometheus text', async () => {
    const metrics = inMemoryMetrics();
    const { clock, stream } = run(two, { observe: metrics.observe });
    await clock.advance(0);
    await stream.close();
    const { counters } = JSON.parse(JSON.stringify(metrics.snapshot()));
    expect(counters).toMatchObject({
      sse_client_attempts_total: { open: 1 },
      sse_client_events_received_total: { '': 3 },
      sse_client_events_processed_total: { '': 2 },
      sse_client_duplicates_total: { '': 1 },
    });
    const text = metrics.text();
    expect(text).toContain('# TYPE sse_client_handler_seconds histogram\n');
    expect(text).toContain('sse_client_attempts_total{outcome="open"} 1\n');
    expect(text).toContain('sse_client_events_processed_total 2\n');
    expect(text).toContain('sse_client_connections_open 0\n');
    expect(text).toContain('sse_client_handler_seconds_bucket{le="+Inf"} 2\n');
  });

  it.each([
    [false, 0],
    [true, 2],
  ])('on the console: one line a fact, per event only when asked (%s)', async (perEvent, expected) => {
    const lines: Array<[level: string, message: string, detail: object]> = [];
    const target = {
      info: (message: string, detail: object) => void lines.push(['info', message, detail]),
      warn: (message: string, detail: object) => void lines.push(['warn', message, detail]),
    };
    const { clock, network } = run(two, { observe: consoleObserver({ perEvent, console: target }) });
    await clock.advance(0);
    expect(lines.filter(([, message]) => message === 'sse processed')).toHaveLength(expected);
    expect(lines).toContainEqual([
      'info',
      'sse open',
      expect.objectContaining({ stream: 's', connection: 'c' }),
    ]);
    network.exchanges[0]?.end();
    await clock.advance(0);
    expect(lines).toContainEqual(['info', 'sse disconnect', expect.objectContaining({ connection: 'c' })]);
    expect(lines.some(([level]) => level === 'warn')).toBe(false);
  });
});

describe('types', () => {
  it('pair each name of an event map with its payload', () => {
    const stream = connect<{ paid: { order: number }; note: string }>('http://test/typed', {
      signal: AbortSignal.abort(),
      onEvent: (event) => {
        if (event.type === 'paid') event.data.order.toFixed();
        // @ts-expect-error a note is a string
        if (event.type === 'note') event.data.order;
        // @ts-expect-error no such event
        if (event.type === 'gone') return;
      },
    });
    stream.addEventListener('note', (event) => event.data.trim());
    stream.addEventListener('stream.retry', (fact) => fact.delayMs.toFixed());
    // @ts-expect-error no such event
    stream.addEventListener('gone', () => undefined);
    // @ts-expect-error a retry has no payload
    stream.addEventListener('stream.retry', (fact) => fact.data);
    expect(stream.state).toBe('closed');
  });
});

describe('a transport whose promises are of another make', () => {
  it('is waited for', async () => {
    const pieces = [open(0), event(1), event(2)].map((text) => Buffer.from(text));
    const Foreign: PromiseConstructor = runInNewContext('Promise');
    const seen: unknown[] = [];
    const stream = connect('http://test/stream', {
      onEvent: ({ data }) => void seen.push(data),
      onDisconnect: () => void stream.close(),
      ports: {
        transport: async ({ url }) => ({
          status: 200,
          url,
          header: (name) => (name === 'content-type' ? 'text/event-stream' : null),
          body: { read: () => Foreign.resolve(pieces.shift() ?? null) },
        }),
      },
    });
    await stream.closed;
    expect(seen).toEqual([1, 2]);
  });
});
