import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { encodeCannotResume, encodeStreamEnd } from '../protocol/control.ts';
import type { MemoryExchange } from '../testing/index.ts';
import { connect } from './index.ts';
import { EPOCH, event, open } from './one-stream.fixture.ts';
import { virtualClient } from './virtual.fixture.ts';

describe('an event over its bound', () => {
  const big = (exchange: MemoryExchange): void =>
    exchange.write(`${open(0)}${event(1)}id: ${EPOCH}.2\ndata: ${'x'.repeat(300)}\n\n${event(3)}`);

  it('with tooLarge "close" ends the connection behind what was handled, and is asked for again', async () => {
    const { clock, seen, kinds, cursor } = virtualClient(big, {
      bounds: { maxEventBytes: 250, tooLarge: 'close' },
    });
    await clock.advance(0);
    expect(seen).toEqual([1]);
    expect(kinds('disconnect')).toMatchObject([{ failure: { cause: 'too-large' } }]);
    await clock.advance(2000);
    expect(cursor(1)).toBe(`${EPOCH}.1`);
  });

  it('with tooLarge "close" is final when the retry policy says so', async () => {
    const { clock, stream } = virtualClient(big, {
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
    const { clock, network, seen, kinds } = virtualClient(
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
