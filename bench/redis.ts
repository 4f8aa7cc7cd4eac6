// Redis log: publish-to-delivery time and throughput from one instance to another, beside a bare XADD / XREAD loop on
// the same Redis. What the difference buys: atomic positions, retention by bytes and age, restart checks, no event twice
// after a lost answer. Both store the payload, and the reading side of both makes the frame; the kit's publishing instance
// makes it too, for readers of its own.
//
// What the kit's time is made of, on a two-core machine: the script (read eleven fields, XADD, write eleven fields) about
// 0.1 ms of Redis; then the publisher's answer and the reader's news arrive in the same turn of this one process, and the
// reader waits for the publisher's bookkeeping and its frame. Under load publishers share round trips (group commit).
// Needs redis-server (`npm run setup -- --with-services`).
//
//   npx tsx bench/redis.ts [--events 20000] [--rounds 3]
import { parseArgs } from 'node:util';
import { createClient } from 'redis';
import { startRedis } from '../harness/services/redis-server.ts';
import { encodeEvent } from '../kit/server/encode.ts';
import type { EventDraft, LogHost, Position } from '../kit/server/index.ts';
import { createRedisLog } from '../kit/stores/redis.ts';
import { median, pairedRatio, quantile } from './support/ratio.ts';
import { table } from './support/table.ts';

const { values } = parseArgs({
  options: { events: { type: 'string', default: '20000' }, rounds: { type: 'string', default: '3' } },
});
const EVENTS = Number(values.events);
/** Publications under way at once in the throughput part. */
const IN_FLIGHT = 64;
/** Publications of the latency part, one after the other. */
const PACED = 500;

/** A way from publisher to reader; `seen` is called with the number of each event as the reader gets it. */
interface Path {
  publish(n: number): Promise<unknown>;
  stop(): Promise<void>;
}
type OpenPath = (url: string, name: string, seen: (n: number) => void) => Promise<Path>;

const FORMAT = { envelope: 'cloudevents', eventField: true, source: 'bench' } as const;
const draft = (n: number): EventDraft => ({
  type: 'tick',
  data: JSON.stringify({ n, text: 'the quick brown fox jumps over the lazy dog' }),
  unixMs: Date.now(),
});

/** Two clients, XADD on one, a blocking XREAD on the other. */
const bare: OpenPath = async (url, name, seen) => {
  const writer = await createClient({ url }).connect();
  const reader = await createClient({ url }).connect();
  let reading = true;
  const loop = (async () => {
    for (let after = '0'; reading; ) {
      const streams = (await reader.xRead({ key: name, id: after }, { BLOCK: 200, COUNT: 500 })) as
        | { messages: { id: string; message: Record<string, string> }[] }[]
        | null;
      for (const { id, message } of streams?.[0]?.messages ?? []) {
        after = id;
        const { n, t, data = '' } = message;
        encodeEvent(
          FORMAT,
          { epoch: 'bareEpoch01', seq: Number(n) },
          { type: 'tick', data, unixMs: Number(t) },
        );
        seen(Number(n));
      }
    }
  })();
  return {
    publish: (n) => {
      const { data, unixMs } = draft(n);
      return writer.xAdd(name, '*', { n: String(n), t: String(unixMs), data });
    },
    async stop() {
      reading = false;
      await loop;
      await Promise.all([writer.close(), reader.close()]);
    },
  };
};

/** Two instances of the Redis log, as two servers have them: one publishes, the other reads when told of news. */
const kit: OpenPath = async (url, name, seen) => {
  const [writer, reader] = [createRedisLog({ url, name }), createRedisLog({ url, name })];
  const ignore = (): void => undefined;
  const host = (advanced: () => void): LogHost => ({
    encode: (position, event) => encodeEvent(FORMAT, position, event),
    advanced,
    failed: (error) => {
      throw error;
    },
    now: Date.now,
  });
  let cursor: Position | null = null;
  let pumping = false;
  const pump = async () => {
    if (pumping || !cursor) return;
    pumping = true;
    for (;;) {
      const read = await reader.read(cursor, { maxEvents: 500, maxBytes: 1 << 20 });
      if (read.kind === 'gone') throw new Error('the reader fell off the log');
      if (read.kind === 'caught-up') break;
      for (let seq = read.firstSeq; seq <= read.lastSeq; seq++) seen(seq);
      cursor = { epoch: cursor.epoch, seq: read.lastSeq };
    }
    pumping = false;
  };
  await writer.open(host(ignore));
  await reader.open(host(() => void pump()));
  cursor = { epoch: reader.bounds().epoch, seq: reader.bounds().head };
  return {
    publish: async (n) => writer.append(draft(n)),
    async stop() {
      await Promise.all([writer.close(), reader.close()]);
    },
  };
};

interface Figures {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

async function measure(open: OpenPath, url: string, name: string): Promise<Figures> {
  const sent: number[] = [];
  const latencies: number[] = [];
  let received = 0;
  let wake: () => void = () => undefined;
  const path = await open(url, name, (n) => {
    received += 1;
    if (n <= PACED) latencies.push(performance.now() - (sent[n] ?? Number.NaN));
    wake();
  });
  const until = async (count: number) => {
    while (received < count) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  try {
    let n = 0;
    while (n < PACED) {
      n += 1;
      sent[n] = performance.now();
      await path.publish(n);
      await until(n);
    }
    const start = performance.now();
    const worker = async () => {
      while (n < PACED + EVENTS) await path.publish(++n);
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
    await until(PACED + EVENTS);
    const seconds = (performance.now() - start) / 1000;
    return { perSecond: EVENTS / seconds, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) };
  } finally {
    await path.stop();
  }
}

const redis = await startRedis();
const PATHS: Readonly<Record<string, OpenPath>> = { 'bare XADD / XREAD': bare, 'kit Redis log': kit };
const figures = new Map<string, Figures[]>(Object.keys(PATHS).map((name) => [name, []]));
try {
  for (let round = -1; round < Number(values.rounds); round++) {
    for (const [name, open] of Object.entries(PATHS)) {
      const result = await measure(open, redis.url, `bench:${name}:${round}`);
      if (round >= 0) figures.get(name)?.push(result);
    }
  }
} finally {
  await redis.dispose();
}
const of = (name: string, pick: (f: Figures) => number) => (figures.get(name) ?? []).map(pick);
const ratio = (name: string, pick: (f: Figures) => number) =>
  pairedRatio(of(name, pick), of('bare XADD / XREAD', pick)).median;
console.log(
  `${EVENTS} events with ${IN_FLIGHT} in flight, then ${PACED} one by one; ${values.rounds} rounds`,
);
console.log(
  table(
    ['path', 'events/s', 'ratio', 'p50 ms', 'ratio', 'p99 ms', 'ratio'],
    [...figures.keys()].map((name) => [
      name,
      median(of(name, (f) => f.perSecond)),
      ratio(name, (f) => f.perSecond),
      median(of(name, (f) => f.p50)),
      ratio(name, (f) => f.p50),
      median(of(name, (f) => f.p99)),
      ratio(name, (f) => f.p99),
    ]),
  ),
);
