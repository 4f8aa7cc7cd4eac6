// Front proxies: how long one small event takes from `publish` to a reader behind nginx and HAProxy, as they come and as
// they should be set, beside a reader of the same stream past them. The next event follows when the last has arrived
// everywhere, so that nothing pushes it out. Needs nginx and haproxy (`npm run setup -- --with-services`).
//
//   npx tsx bench/front-proxies.ts [--events 100]
//
// Ends with 1 when a median is not below its goal (docs/front-proxies.md).
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type FrontProxyKind, startFrontProxy } from '../harness/front-proxies/index.ts';
import { nowMs } from '../harness/runner/clock.ts';
import { openRawStream } from '../harness/runner/raw-stream.ts';
import { nodeHandler } from '../kit/adapters/node-http.ts';
import { createEventStream } from '../kit/server/index.ts';
import { quantile } from './support/ratio.ts';
import { table } from './support/table.ts';

const { values } = parseArgs({ options: { events: { type: 'string', default: '100' } } });
const EVENTS = Number(values.events);
const WARM_UP = 10;
/** Pause between events: a stream that is quiet most of the time, which is where waiting proxies hurt. */
const PAUSE_MS = 20;

/** Bound of the median, milliseconds; `null` where the program as it comes is measured and explained. */
const GOALS: Readonly<Record<FrontProxyKind, number | null>> = {
  nginx: 50,
  'nginx-gzip': 50,
  haproxy: null,
  'haproxy-no-delay': 50,
};

interface Figures {
  readonly encoding: string;
  readonly behind: readonly number[];
  readonly added: readonly number[];
}

async function measure(kind: FrontProxyKind): Promise<Figures> {
  const stream = createEventStream({ heartbeat: 'off' });
  const server = createServer(nodeHandler(stream)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const front = await startFrontProxy(kind, port);
  try {
    const past = await openRawStream(`http://127.0.0.1:${port}/`);
    const behind = await openRawStream(`http://127.0.0.1:${front.port}/`, { 'accept-encoding': 'gzip' });
    await Promise.all([past.until('event: stream.open'), behind.until('event: stream.open')]);
    const published = new Map<string, number>();
    for (let n = 0; n < WARM_UP + EVENTS; n++) {
      const at = nowMs();
      const id = await stream.publish('tick', { n });
      if (n >= WARM_UP) published.set(id, at);
      await Promise.all([past.until(id), behind.until(id)]);
      await delay(PAUSE_MS);
    }
    const took = (arrivals: ReadonlyMap<string, number>) =>
      [...published].map(([id, at]) => (arrivals.get(id) ?? Number.NaN) - at);
    const [direct, through] = [took(past.arrivals), took(behind.arrivals)];
    for (const each of [past, behind]) each.close();
    return {
      encoding: behind.headers['content-encoding'] ?? 'none',
      behind: through,
      added: through.map((ms, i) => ms - (direct[i] ?? Number.NaN)),
    };
  } finally {
    await stream.close();
    await front.stop();
    server.close();
  }
}

const rows = [];
for (const [kind, goal] of Object.entries(GOALS) as [FrontProxyKind, number | null][]) {
  const { encoding, behind, added } = await measure(kind);
  const median = quantile(behind, 0.5);
  const verdict = goal === null ? 'none' : median < goal ? `< ${goal}: reached` : `< ${goal}: NOT REACHED`;
  if (goal !== null && !(median < goal)) process.exitCode = 1;
  rows.push([kind, encoding, median, quantile(behind, 0.99), quantile(added, 0.5), verdict]);
}
console.log(`delivery of ${EVENTS} single events, milliseconds`);
console.log(table(['proxy', 'encoding', 'median', 'p99', 'added, median', 'goal'], rows));
