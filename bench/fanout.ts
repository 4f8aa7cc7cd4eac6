// Fan-out: what one delivery costs the server, beside a plain res.write loop, its floor and two SSE libraries.
// Two loads: a flood (a publication in every turn of the loop, more than can be written one by one) and a paced one.
// Contenders take turns in every round, and each round's figures are divided by the plain loop's of the same round.
//
//   npx tsx bench/fanout.ts [--connections 100,1000,4000] [--rounds 3] [--only plain,kit]
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startChild } from './support/child.ts';
import { median } from './support/ratio.ts';
import { table } from './support/table.ts';

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '100,1000,4000' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: 'plain,floor,kit,better-sse,@fastify/sse' },
  },
});
const contenders = values.only.split(',');
const rounds = Number(values.rounds);
const server = new URL('./fanout/server.ts', import.meta.url);
const load = new URL('./fanout/load.ts', import.meta.url);

interface Figures {
  /** CPU of the server process per delivery: its own code, and the kernel's (on loopback that includes receiving). */
  readonly userMicros: number;
  readonly systemMicros: number;
  /** CPU per delivery, both kinds, when publications leave the loop idle most of the time and nothing can be shared. */
  readonly pacedMicros: number;
  /** Resident memory per connection: what the machine gives, with what the collector has not given back. */
  readonly rssKiB: number;
  /** Live objects per connection. */
  readonly heapKiB: number;
  /** Publication to arrival, paced, milliseconds. In the flood it would be the length of the queue. */
  readonly p50: number;
  readonly p99: number;
}

interface Memory {
  readonly rss: number;
  readonly heap: number;
}

interface Cpu {
  readonly userMicros: number;
  readonly systemMicros: number;
}

/** Deliveries per measurement, the same for every N, so that small N is not measured in noise. */
const DELIVERIES = 400_000;
/**
 * Connections that are there before memory is measured: code is loaded and the young generation of the heap has grown to
 * its full size. (With 500 it had not: whose growth fell into the measurement was chance, and made up to a third of it.)
 */
const WARM_UP_CONNECTIONS = 2500;
/** Latency is measured with pauses that leave the plain loop idle more than half of the time: not the length of a queue. */
const PACE_MICROS_PER_CONNECTION = 40;
/** How long: a percentile over few publications would be the length of the one hiccup among them. */
const PACED_MS = 8000;
const MIN_PACED = 50;

const cpu = (figures: Cpu): number => figures.userMicros + figures.systemMicros;

async function measure(name: string, connections: number): Promise<Figures> {
  const origin = await startChild(server, [name]);
  const client = await startChild(load, []);
  try {
    const { port } = await origin.call<{ port: number }>({ op: 'port' });
    await client.call({ op: 'open', port, count: WARM_UP_CONNECTIONS });
    const idle = await origin.call<Memory>({ op: 'rss' });
    await client.call({ op: 'open', port, count: connections });
    const open = await origin.call<Memory>({ op: 'rss' });
    await client.call({ op: 'close', count: WARM_UP_CONNECTIONS });
    await delay(500); // the server sees them off
    const perConnection = (kind: keyof Memory) => (open[kind] - idle[kind]) / 1024 / connections;
    const round = async (count: number, everyMs = 0) => {
      await client.call({ op: 'reset' });
      const before = await origin.call<Cpu>({ op: 'cpu' });
      const [, seen] = await Promise.all([
        origin.call({ op: 'publish', count, everyMs }),
        client.call<{ events: number; p50: number; p99: number }>({
          op: 'await',
          events: count * connections,
        }),
      ]);
      const after = await origin.call<Cpu>({ op: 'cpu' });
      return {
        ...seen,
        userMicros: (after.userMicros - before.userMicros) / seen.events,
        systemMicros: (after.systemMicros - before.systemMicros) / seen.events,
      };
    };
    const count = Math.ceil(DELIVERIES / connections);
    await round(Math.ceil(count / 4)); // warm up the compiler and the sockets
    const flood = await round(count);
    const everyMs = Math.ceil((PACE_MICROS_PER_CONNECTION * connections) / 1000);
    const paced = await round(Math.max(MIN_PACED, Math.round(PACED_MS / everyMs)), everyMs);
    return {
      userMicros: flood.userMicros,
      systemMicros: flood.systemMicros,
      pacedMicros: cpu(paced),
      p50: paced.p50,
      p99: paced.p99,
      rssKiB: perConnection('rss'),
      heapKiB: perConnection('heap'),
    };
  } finally {
    await Promise.all([origin.stop(), client.stop()]);
  }
}

for (const connections of values.connections.split(',').map(Number)) {
  const series = new Map<string, Figures[]>(contenders.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of contenders) series.get(name)?.push(await measure(name, connections));
  }
  const of = (name: string, pick: (figures: Figures) => number) => (series.get(name) ?? []).map(pick);
  const ratio = (name: string, pick: (figures: Figures) => number) => {
    const base = of(contenders[0] ?? '', pick);
    return median(of(name, pick).map((value, i) => value / (base[i] ?? Number.NaN)));
  };
  console.log(`\n${connections} connections, ${rounds} rounds, ratios to ${contenders[0]} (median of pairs)`);
  console.log(
    table(
      [
        'server',
        'CPU µs/delivery, flood',
        'of it kernel',
        'ratio',
        'CPU µs/delivery, paced',
        'ratio',
        'KiB/connection',
        'memory ratio',
        'heap ratio',
        'p50 ms',
        'p99 ms',
        'p99 ratio',
      ],
      contenders.map((name) => [
        name,
        median(of(name, cpu)),
        median(of(name, (f) => f.systemMicros)),
        ratio(name, cpu),
        median(of(name, (f) => f.pacedMicros)),
        ratio(name, (f) => f.pacedMicros),
        median(of(name, (f) => f.rssKiB)),
        ratio(name, (f) => f.rssKiB),
        ratio(name, (f) => f.heapKiB),
        median(of(name, (f) => f.p50)),
        median(of(name, (f) => f.p99)),
        ratio(name, (f) => f.p99),
      ]),
    ),
  );
}
