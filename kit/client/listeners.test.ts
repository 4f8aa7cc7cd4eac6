import { describe, expect, it } from 'vitest';
import type { ConnectOptions, StreamEvent } from './index.ts';
import { EPOCH, event, open, run } from './one-stream.fixture.ts';

describe('listeners', () => {
  const none = { onEvent: undefined } as unknown as ConnectOptions;

  it('of facts: one that fails, at once or later, hides nothing from the others and ends no process', async () => {
    const heard: string[] = [];
    const reported: unknown[] = [];
    const { clock, stream } = run((exchange) => exchange.write(open(0)), {
      ports: { reportError: (error) => reported.push(error) },
    });
    stream.addEventListener('stream.open', () => {
      throw 'at once';
    });
    stream.addEventListener('stream.open', () => void heard.push('second'));
    stream.addEventListener('stream.control', async () => {
      throw 'later';
    });
    await clock.advance(0);
    expect([heard, reported.toSorted()]).toEqual([['second'], ['at once', 'later']]);
  });

  it('of events: one that fails keeps the event from no other, and the next event waits for all', async () => {
    const log: unknown[] = [];
    const { clock, stream, kinds } = run((exchange) => exchange.write(open(0) + event(1) + event(2)), none);
    stream.addEventListener('message', ({ data }) => {
      throw new Error(`cannot do ${data}`);
    });
    stream.addEventListener('*', async ({ data }) => {
      log.push(['begin', data, stream.stats().cursor]);
      await new Promise<void>((resolve) => clock.setTimeout(resolve, 100));
      log.push(['end', data, stream.stats().cursor]);
    });
    await clock.advance(1000);
    const [none0, one] = [`${EPOCH}.0`, `${EPOCH}.1`];
    expect(log).toEqual([
      ['begin', 1, none0],
      ['end', 1, none0],
      ['begin', 2, one],
      ['end', 2, one],
    ]);
    expect(kinds('dead-letter')).toMatchObject([
      { error: new Error('cannot do 1') },
      { error: new Error('cannot do 2') },
    ]);
  });
});

describe('listeners beside other ways to get events', () => {
  it('get the event that waited for somebody, stand beside `onEvent`, and leave nothing behind when removed', async () => {
    const none = { onEvent: undefined } as unknown as ConnectOptions;
    const heard: unknown[] = [];
    const listener = ({ data }: StreamEvent) => void heard.push(data);
    const alone = run((exchange) => exchange.write(open(0) + event(1) + event(2)), none);
    await alone.clock.advance(0);
    alone.stream.addEventListener('message', listener, { once: true });
    await alone.clock.advance(0);
    // The second waits again: nobody listens any more.
    expect([heard, alone.stream.stats().cursor]).toEqual([[1], `${EPOCH}.1`]);
    const pulled = await alone.stream[Symbol.asyncIterator]().next();
    expect(pulled.value?.data).toBe(2);

    const beside = run((exchange) => exchange.write(open(0) + event(1)));
    beside.stream.addEventListener('message', listener);
    await beside.clock.advance(0);
    beside.stream.removeEventListener('message', listener);
    beside.network.exchanges[0]?.write(event(2));
    await beside.clock.advance(0);
    expect([heard, beside.seen]).toEqual([
      [1, 1],
      [1, 2],
    ]);
  });
});
