// Memory of the client over a long stream: the heap in use after a collection, ten times on the way. Flat means bounded:
// it exits with 1 when the heap grew by more than 1 MiB from the first tenth to the last. Five million events take about
// half a minute on a quiet machine, `--millions 0.5` a tenth of that.
//
//   npm run build && node --expose-gc --import tsx bench/memory.ts [--millions 5]
import { parseArgs } from 'node:util';
import { encodeStreamEnd } from '../kit/protocol/index.ts';
import { built } from './support/built.ts';
import { type BenchPayload, benchFrame, benchOpen } from './support/recording.ts';
import { table } from './support/table.ts';

const { connect } = await built<typeof import('../kit/client/node/index.ts')>('client/node/index');
const { values } = parseArgs({ options: { millions: { type: 'string', default: '5' } } });
const events = Math.round(Number(values.millions) * 1_000_000);
const step = Math.ceil(events / 10);
const GROWTH_MIB = 1;
if (!globalThis.gc) throw new Error('run with node --expose-gc');

/** Generated as it is read: nothing of the stream is kept here. */
function* chunks(): Generator<Uint8Array> {
  yield Buffer.from(benchOpen());
  for (let seq = 1; seq <= events; ) {
    let text = '';
    for (const end = Math.min(events, seq + 63); seq <= end; seq++) text += benchFrame(seq);
    yield Buffer.from(text);
  }
  yield Buffer.from(encodeStreamEnd());
}

const rows: [string, number, number][] = [];
function sample(label: string): void {
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  rows.push([label, heapUsed / 2 ** 20, rss / 2 ** 20]);
}

const source = chunks();
let handled = 0;
const handle = connect<{ tick: BenchPayload }>('http://bench.invalid/', {
  onEvent: (event) => {
    if (event.data.n !== ++handled) throw new Error(`expected ${handled}, got ${event.data.n}`);
    if (handled % step === 0 || handled === events) sample(`${handled / 1_000_000} million`);
  },
  ports: {
    transport: () =>
      Promise.resolve({
        status: 200,
        url: 'http://bench.invalid/',
        header: (name) => (name === 'content-type' ? 'text/event-stream' : null),
        body: { read: () => Promise.resolve(source.next().value ?? null) },
      }),
  },
});
sample('start');
await handle.closed;
if (handled !== events) throw new Error(`handled ${handled} of ${events}`);
console.log(table(['events', 'heap MiB', 'RSS MiB'], rows));
const [, first, ...later] = rows;
const grown = Number(later.at(-1)?.[1]) - Number(first?.[1]);
console.log(`heap grown by ${grown.toFixed(2)} MiB from the first tenth to the last, ${GROWTH_MIB} allowed`);
if (!(grown <= GROWTH_MIB)) process.exitCode = 1;
