import { Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createEventStream,
  createMemoryLog,
  createStreamHub,
  type EventStream,
  type Sink,
  type StreamEndpoint,
} from '../server/index.ts';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { serverMetrics } from './server-metrics.ts';

const opened: EventStream[] = [];

afterEach(async () => {
  for (const stream of opened.splice(0)) await stream.close();
});

function observed(
  retention: { maxEvents?: number; maxAgeMs?: number },
  heartbeat: 'comment' | 'off' = 'off',
) {
  const clock = new VirtualClock();
  const registry = new Registry();
  const log = createMemoryLog(retention);
  const stream: EventStream = createEventStream({
    log,
    clock,
    heartbeat,
    observe: serverMetrics({ registry, streams: () => [stream.stats()], now: () => clock.now() }),
  });
  opened.push(stream);
  const gauge = async (name: string): Promise<number> =>
    (await registry.getSingleMetric(name)?.get())?.values[0]?.value ?? Number.NaN;
  return { clock, registry, log, stream, gauge };
}

/** Deterministic unevenness: gaps between 1 and 400 ms. */
function* unevenGaps(): Generator<number> {
  for (let state = 7; ; state = (state * 1_103_515_245 + 12_345) % 2 ** 31) yield 1 + (state % 400);
}

describe('retention headroom', () => {
  it.each([
    ['count', { maxEvents: 50 }],
    ['age', { maxEvents: 10_000, maxAgeMs: 5_000 }],
  ])('is the longest absence that loses nothing, by %s', async (_, retention) => {
    const { clock, log, stream, gauge } = observed(retention);
    // Where a client's cursor was at each moment at which it could have left.
    const moments: { atMs: number; seq: number }[] = [];
    const gaps = unevenGaps();
    for (let seq = 1; seq <= 300; seq++) {
      moments.push({ atMs: clock.now(), seq: seq - 1 });
      await clock.advance(gaps.next().value ?? 1);
      await stream.publish('tick', { seq });
      moments.push({ atMs: clock.now(), seq });
    }
    const headroomMs = (await gauge('sse_server_retention_headroom_seconds')) * 1000;
    const { epoch, oldest } = log.bounds();
    const survives = async ({ seq }: { seq: number }): Promise<boolean> =>
      (await log.read({ epoch, seq }, { maxEvents: 1, maxBytes: 1 })).kind !== 'gone';
    const within = moments.filter(({ atMs, seq }) => clock.now() - atMs <= headroomMs && seq >= oldest);
    expect(within.length).toBeGreaterThan(20);
    for (const moment of within) expect(await survives(moment)).toBe(true);
    // The moment before the event before the oldest was published is the first that loses.
    const lost = moments.filter(({ seq }) => seq < oldest - 1);
    for (const moment of lost) {
      expect(await survives(moment)).toBe(false);
      expect(clock.now() - moment.atMs).toBeGreaterThanOrEqual(headroomMs);
    }
    expect(lost.length).toBeGreaterThan(20);
  });

  it('is unlimited while nothing was trimmed', async () => {
    const { clock, registry, stream, gauge } = observed({ maxEvents: 50 });
    await stream.publish('tick', {});
    await clock.advance(3_600_000);
    expect(await gauge('sse_server_retention_headroom_seconds')).toBe(Number.POSITIVE_INFINITY);
    expect(await registry.metrics()).toMatch(/^sse_server_retention_headroom_seconds \+Inf$/m);
  });

  it('counts from the newest event when everything has aged away', async () => {
    const { clock, stream, gauge } = observed({ maxAgeMs: 1_000 });
    await stream.publish('tick', {});
    await clock.advance(90_000);
    expect(await gauge('sse_server_log_events')).toBe(0);
    expect(await gauge('sse_server_retention_headroom_seconds')).toBe(90);
  });
});

describe('the gauges of a log', () => {
  it('say what it holds', async () => {
    const { clock, log, stream, gauge } = observed({ maxEvents: 20 });
    for (let seq = 1; seq <= 35; seq++) {
      await stream.publish('tick', { seq });
      await clock.advance(1_000);
    }
    expect(await gauge('sse_server_log_events')).toBe(20);
    expect(await gauge('sse_server_log_bytes')).toBe(log.bounds().bytes);
    // The oldest held is number 16, published when 15 seconds had passed of 35.
    expect(await gauge('sse_server_log_oldest_age_seconds')).toBe(20);
    expect(await gauge('sse_server_streams_open')).toBe(1);
  });
});

describe('bytes', () => {
  it('of events and heartbeats are what the sockets were given, however many connections share them', async () => {
    const { clock, stream, gauge } = observed({}, 'comment');
    const readers = [await connect(stream), await connect(stream), await connect(stream)];
    const opening = readers.map((reader) => reader.bytes());
    await stream.publish('tick', {});
    await clock.advance(60_000);
    const truth = readers.map((reader, n) => reader.bytes() - (opening[n] ?? 0));
    expect(await gauge('sse_server_heartbeats_total')).toBeGreaterThanOrEqual(9);
    expect(await gauge('sse_server_sent_bytes_total')).toBe(truth.reduce((sum, bytes) => sum + bytes));
  });

  it('are the longer frames where a connection carries several streams', async () => {
    const clock = new VirtualClock();
    const registry = new Registry();
    const hub = createStreamHub({ clock, observe: serverMetrics({ registry }) });
    const [alone, several] = [await connect(hub.stream('a')), await connect(hub.streams(['a', 'b']))];
    const opening = alone.bytes() + several.bytes();
    await hub.stream('a').publish('tick', {});
    await clock.advance(60_000);
    const { values } = (await registry.getSingleMetric('sse_server_sent_bytes_total')?.get()) ?? {
      values: [],
    };
    expect(values[0]?.value).toBe(alone.bytes() + several.bytes() - opening);
    await hub.close();
  });
});

describe('lag', () => {
  it('is the number of events and the time by which the slowest reader is behind', async () => {
    const { clock, registry, stream, gauge } = observed({ maxEvents: 1_000 });
    const reader = await connect(stream);
    await stream.publish('tick', { seq: 1 });
    expect(await gauge('sse_server_lag_events')).toBe(0);

    reader.stall();
    await stream.publish('tick', { seq: 2 }); // fills the socket: written, and the last for now
    for (let seq = 3; seq <= 44; seq++) await stream.publish('tick', { seq });
    const truth = stream.stats().head - reader.lastSeq();
    expect(truth).toBe(42);
    expect(await gauge('sse_server_lag_events')).toBe(truth);
    expect(await gauge('sse_server_connections_behind')).toBe(1);

    await clock.advance(7_000);
    reader.drain();
    await clock.advance(0);
    expect(reader.lastSeq()).toBe(44);
    expect(await gauge('sse_server_lag_events')).toBe(0);
    const lag = await registry.getSingleMetric('sse_server_delivery_lag_seconds')?.get();
    const late = (part: string) =>
      lag?.values.find(
        (one) =>
          (one as { metricName?: string }).metricName?.endsWith(part) && one.labels.path === 'catch-up',
      )?.value ?? Number.NaN;
    // Written in a few batches, the oldest of each of which waited for seven seconds.
    expect(late('_count')).toBeGreaterThan(0);
    expect(late('_sum') / late('_count')).toBeCloseTo(7, 3);
  });
});

/** A client at the end of a socket that can stop taking bytes. */
async function connect(stream: StreamEndpoint) {
  const reply = await stream.handle({ method: 'GET', url: '/stream', header: () => null });
  if (reply.body.kind !== 'stream') throw new Error(`no stream: ${reply.status}`);
  let text = '';
  let open = true;
  let drained: () => void = () => undefined;
  reply.body.start(({ onDrain }): Sink => {
    drained = onDrain;
    return {
      write(block) {
        text += Buffer.from(block.bytes).toString('utf8');
        return open;
      },
      end: () => undefined,
      destroy: () => undefined,
    };
  });
  return {
    stall() {
      open = false;
    },
    drain() {
      open = true;
      drained();
    },
    bytes: () => Buffer.byteLength(text),
    lastSeq: () => Number(/.*^id: \S+\.(\d+)$/ms.exec(text)?.[1]),
  };
}
