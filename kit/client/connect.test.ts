import { describe, expect, it } from 'vitest';
import { encodeCannotResume, encodeDrain, encodeStreamEnd, encodeStreamOpen } from '../protocol/control.ts';
import { createEnvelope } from '../protocol/envelope.ts';
import { encodeFrame } from '../protocol/frame.ts';
import { encodeHeartbeat } from '../protocol/heartbeat.ts';
import type { ClientFact } from './facts.ts';
import { connect as connectFetch, type StreamEvent, type StreamHandle } from './index.ts';
import { connect as connectNode } from './node/index.ts';
import type { ConnectOptions } from './options.ts';
import { afterwards, serve } from './scripted.fixture.ts';

const EPOCH = 'epoch-0001';
const at = (seq: number) => ({ epoch: EPOCH, seq });
const opened = (
  head: number,
  cursor: number,
  resume: 'fresh' | 'ok' | 'gap' = 'fresh',
  heartbeatMs = 15_000,
) =>
  encodeStreamOpen(
    { stream: 's', epoch: EPOCH, head, oldest: 1, resume, heartbeatMs, connection: 'c-1', protocol: 1 },
    at(cursor),
  );
const event = (seq: number, data: unknown = { n: seq }) =>
  encodeFrame({
    event: 'tick',
    id: `${EPOCH}.${seq}`,
    data: JSON.stringify(
      createEnvelope({ source: '/s', type: 'tick', data, position: at(seq), unixMs: 1_700_000_000_000 }),
    ),
  });

const FAST = { baseMs: 10, maxMs: 50 };
describe.each([
  ['on fetch', connectFetch],
  ['on node:http', connectNode],
])('connect %s', (_name, connect) => {
  function start(url: string, options: ConnectOptions = {}) {
    const facts: ClientFact[] = [];
    const seen: number[] = [];
    const stream: StreamHandle = connect(url, {
      retry: FAST,
      onEvent: (event: StreamEvent) => void seen.push((event.data as { n: number }).n),
      observe: (fact) => facts.push(fact),
      ...options,
    });
    afterwards(() => stream.close());
    const kinds = () => facts.map(({ kind }) => kind);
    return { stream, facts, seen, kinds };
  }

  it('delivers events, commits their positions and ends with the stream', async () => {
    const server = await serve(async (exchange) => {
      await exchange.write(opened(0, 0));
      await exchange.write(event(1) + event(2));
      exchange.end(event(3) + encodeStreamEnd());
    });
    const { stream, seen, kinds, facts } = start(server.url);
    expect(await stream.closed).toEqual({ type: 'complete' });
    expect(seen).toEqual([1, 2, 3]);
    expect(stream.stats()).toMatchObject({ cursor: `${EPOCH}.3`, processed: 3, attempts: 1 });
    expect(kinds()).toEqual(
      expect.arrayContaining(['attempt', 'open', 'received', 'processed', 'state', 'closed']),
    );
    expect(new Set(facts.map(({ trace }) => trace)).size).toBe(1);
    expect(facts.filter(({ kind }) => kind === 'processed').every((f) => f.connection === 'c-1')).toBe(true);
  });

  it('resumes from the last processed position and drops what it has seen', async () => {
    const server = await serve(async (exchange) => {
      if (exchange.number === 1) {
        await exchange.write(opened(0, 0) + event(1) + event(2));
        exchange.cut();
        return;
      }
      exchange.end(opened(3, 2, 'ok') + event(2) + event(3) + encodeStreamEnd());
    });
    const { stream, seen, kinds } = start(server.url);
    await stream.closed;
    expect(server.exchanges[1]?.lastEventId).toBe(`${EPOCH}.2`);
    expect(seen).toEqual([1, 2, 3]);
    expect(kinds().filter((kind) => kind === 'duplicate')).toHaveLength(1);
  });

  it('comes back with a cursor when it was cut before the first event', async () => {
    const server = await serve(async (exchange) => {
      if (exchange.number === 1) {
        await exchange.write(opened(7, 7));
        exchange.cut();
        return;
      }
      exchange.end(opened(8, 7, 'ok') + event(8) + encodeStreamEnd());
    });
    const { stream, seen } = start(server.url);
    await stream.closed;
    expect(server.exchanges[1]?.lastEventId).toBe(`${EPOCH}.7`);
    expect(seen).toEqual([8]);
  });

  it('commits only after an asynchronous handler has finished', async () => {
    let finish = (): void => undefined;
    const server = await serve((exchange) => void exchange.write(opened(0, 0) + event(1) + event(2)));
    const calls: number[] = [];
    const { stream } = start(server.url, {
      onEvent: (event: StreamEvent) => {
        calls.push((event.data as { n: number }).n);
        return new Promise<void>((resolve) => {
          finish = resolve;
        });
      },
    });
    await expect.poll(() => calls).toEqual([1]);
    expect(stream.stats().cursor).toBe(`${EPOCH}.0`);
    finish();
    await expect.poll(() => calls).toEqual([1, 2]);
    expect(stream.stats().cursor).toBe(`${EPOCH}.1`);
    finish();
    await expect.poll(() => stream.stats().cursor).toBe(`${EPOCH}.2`);
  });

  it('pulls: what the consumer did not finish is not committed', async () => {
    const server = await serve(
      (exchange) => void exchange.write(opened(0, 0) + event(1) + event(2) + event(3)),
    );
    const stream = connect(server.url, { retry: FAST });
    afterwards(() => stream.close());
    const seen: unknown[] = [];
    for await (const { data } of stream) {
      seen.push(data);
      if (seen.length === 2) break;
    }
    expect(seen).toEqual([{ n: 1 }, { n: 2 }]);
    expect(await stream.closed).toEqual({ type: 'closed', cause: 'iteration ended' });
    expect(stream.stats().cursor).toBe(`${EPOCH}.1`);
  });

  it('announces what the server cannot resume, and goes on', async () => {
    const server = await serve((exchange) => {
      exchange.end(
        opened(9, 5, 'gap') +
          encodeCannotResume(
            { reason: 'expired', requested: `${EPOCH}.1`, from: `${EPOCH}.5`, missed: 4 },
            at(5),
          ) +
          event(6) +
          encodeStreamEnd(),
      );
    });
    const losses: unknown[] = [];
    const { stream, seen } = start(server.url, {
      from: `${EPOCH}.1`,
      onCannotResume: ({ reason, missed }) => losses.push({ reason, missed }),
    });
    await stream.closed;
    expect(losses).toEqual([{ reason: 'expired', missed: 4 }]);
    expect(seen).toEqual([6]);
    expect(stream.stats()).toMatchObject({ cursor: `${EPOCH}.6`, missed: 4 });
  });

  it('asks again for a hole on a live connection, and gets what was missing', async () => {
    const server = await serve(async (exchange) => {
      if (exchange.number === 1) return exchange.write(opened(0, 0) + event(1) + event(3));
      return exchange.end(opened(3, 1, 'ok') + event(2) + event(3) + encodeStreamEnd());
    });
    const { stream, seen, facts } = start(server.url, { order: { bufferMs: 20 } });
    await stream.closed;
    expect(server.exchanges[1]?.lastEventId).toBe(`${EPOCH}.1`);
    expect(seen).toEqual([1, 2, 3]);
    expect(facts.some(({ kind }) => kind === 'gap')).toBe(false);
  });

  it('announces a hole that the server sends twice', async () => {
    const server = await serve((exchange) =>
      exchange.write(opened(3, 1, exchange.number === 1 ? 'fresh' : 'ok') + event(3) + event(4)),
    );
    const { stream, seen, facts } = start(server.url, { order: { bufferMs: 20 } });
    await expect.poll(() => seen).toEqual([3, 4]);
    await stream.close();
    expect(facts.filter(({ kind }) => kind === 'gap')).toMatchObject([
      { reason: 'hole', after: `${EPOCH}.1`, from: `${EPOCH}.2`, missed: 1 },
    ]);
  });

  it('notices a silent connection within the deadline and resumes', async () => {
    const server = await serve(async (exchange) => {
      if (exchange.number === 1) return exchange.write(opened(0, 0, 'fresh', 50) + event(1));
      return exchange.end(opened(1, 1, 'ok') + event(2) + encodeStreamEnd());
    });
    const { stream, seen, facts } = start(server.url, { liveness: { graceMs: 50 } });
    await stream.closed;
    expect(seen).toEqual([1, 2]);
    expect(facts.find(({ kind }) => kind === 'liveness')).toMatchObject({ cause: 'no-bytes' });
    await expect.poll(() => server.open(), { timeout: 8000 }).toBeLessThanOrEqual(1);
  });

  it('notices by a heartbeat that the tail was lost', async () => {
    const server = await serve(async (exchange) => {
      if (exchange.number === 1) {
        return exchange.write(opened(0, 0) + event(1) + encodeHeartbeat({ head: at(3), unixMs: 1 }));
      }
      return exchange.end(opened(3, 1, 'ok') + event(2) + event(3) + encodeStreamEnd());
    });
    const { stream, seen, facts } = start(server.url);
    await stream.closed;
    expect(seen).toEqual([1, 2, 3]);
    expect(facts.find(({ kind }) => kind === 'liveness')).toMatchObject({ cause: 'tail-loss' });
  });

  it('waits as long as a drain asks, and no failure is counted', async () => {
    const server = await serve((exchange) => {
      if (exchange.number === 1)
        exchange.end(opened(0, 0) + event(1) + encodeDrain({ reason: 'shutdown' }, 80));
      else exchange.end(opened(1, 1, 'ok') + encodeStreamEnd());
    });
    const { stream, facts } = start(server.url);
    await stream.closed;
    const retry = facts.find((fact) => fact.kind === 'retry');
    expect(retry).toMatchObject({ floorMs: 80, cause: 'eof' });
    expect(retry?.kind === 'retry' && retry.delayMs).toBeGreaterThanOrEqual(80);
    expect(facts.filter(({ kind }) => kind === 'state').map((f) => f.kind === 'state' && f.to)).toContain(
      'draining',
    );
  });

  it('ends for good, saying why, when its cursor is more than the server reads of a head', async () => {
    const server = await serve(() => undefined);
    for (let attempt = 0; attempt < 5; attempt++) {
      const { stream, facts } = start(server.url, { from: 'x'.repeat(64 * 1024) });
      expect(await stream.closed).toMatchObject({
        type: 'gave-up',
        why: 'final',
        failure: { cause: 'status', status: 431, message: expect.stringContaining('the cursor') },
      });
      expect(facts.filter(({ kind }) => kind === 'attempt')).toHaveLength(1);
    }
    expect(server.exchanges).toEqual([]);
  });
});
