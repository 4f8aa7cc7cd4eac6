import { describe, expect, it } from 'vitest';
import type { MemoryExchange } from '../testing/index.ts';
import { type ConnectOptions, type CursorState, memoryCursorStore } from './index.ts';
import { EPOCH, event, open } from './one-stream.fixture.ts';
import { virtualClient } from './virtual.fixture.ts';

describe('a store that holds what is no cursor', () => {
  it.each<[string, unknown, string | undefined]>([
    ['no window', { cursor: `${EPOCH}.5` }, `${EPOCH}.5`],
    ['a number', { cursor: 5, dedupe: [] }, '5'],
    ['nothing', undefined, undefined],
    ['a text', 'text', undefined],
  ])('%s: the client connects all the same', async (_what, state, expected) => {
    const { clock, network, cursor } = virtualClient(() => undefined, {
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
    const { clock, network, kinds, cursor, seen } = virtualClient(
      (exchange) => exchange.write(open(0) + event(1)),
      {
        store,
      },
    );
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
    const { clock, stream, cursor } = virtualClient((exchange) => exchange.write(open(0)), { store });
    await clock.advance(5000);
    answer({ cursor: `${EPOCH}.7`, dedupe: [] });
    await clock.advance(0);
    expect(cursor(0)).toBe(`${EPOCH}.7`);
    await stream.close();
    const unanswered = virtualClient(() => undefined, stuck());
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
    const first = virtualClient(serve, options);
    await first.clock.advance(0);
    await first.stream.close();
    const second = virtualClient(serve, options);
    await second.clock.advance(0);
    expect([first.cursor(0), first.seen]).toEqual([`${EPOCH}.5`, [6]]);
    expect([second.cursor(0), second.seen]).toEqual([`${EPOCH}.6`, [7]]);
  });
});
