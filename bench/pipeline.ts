// Client pipeline: events per second through the whole client (decode, parse, position, dedupe, order, envelope, handler,
// commit to memory), beside the least code that gets the same payloads out of the same bytes, and beside a peer.
// Contenders take turns; ratios are per round.
//
//   npm run build && npx tsx bench/pipeline.ts [--events 200000] [--rounds 5] [--chunks 16384,1024,64]
import { parseArgs } from 'node:util';
import { getBytes, getLines, getMessages } from '@microsoft/fetch-event-source/lib/cjs/parse.js';
import { createParser } from 'eventsource-parser';
import { built } from './support/built.ts';
import { median, pairedRatio } from './support/ratio.ts';
import { type BenchPayload, recording } from './support/recording.ts';
import { table } from './support/table.ts';

const { connect } = await built<typeof import('../kit/client/node/index.ts')>('client/node/index');
const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '5' },
    chunks: { type: 'string', default: '16384,1024,64' },
  },
});
const EVENTS = Number(values.events);
const ROUNDS = Number(values.rounds);

/** Cuts the bytes into chunks, handed out one read at a time as a socket would. */
function source(bytes: Buffer, chunkBytes: number): { read(): Promise<Uint8Array | null> } {
  let at = 0;
  return {
    read() {
      if (at >= bytes.length) return Promise.resolve(null);
      const chunk = bytes.subarray(at, at + chunkBytes);
      at += chunkBytes;
      return Promise.resolve(chunk);
    },
  };
}

type Contender = (bytes: Buffer, chunkBytes: number) => Promise<number>;

/** The yardstick: eventsource-parser 3 and JSON.parse, nothing kept, nothing checked. */
const parserAndJson: Contender = async (bytes, chunkBytes) => {
  let sum = 0;
  const parser = createParser({
    onEvent({ event, data }) {
      if (event === 'tick') sum += (JSON.parse(data) as { data: BenchPayload }).data.n;
    },
  });
  const decoder = new TextDecoder();
  const input = source(bytes, chunkBytes);
  for (let chunk = await input.read(); chunk; chunk = await input.read()) {
    parser.feed(decoder.decode(chunk, { stream: true }));
  }
  return sum;
};

const fetchEventSource: Contender = async (bytes, chunkBytes) => {
  let sum = 0;
  const input = source(bytes, chunkBytes);
  const stream = {
    getReader: () => ({
      read: async () => {
        const value = await input.read();
        return { done: value === null, value: value ?? undefined };
      },
    }),
  } as unknown as ReadableStream<Uint8Array>;
  const ignore = (): void => undefined;
  const onMessage = (message: { event: string; data: string }) => {
    if (message.event === 'tick') sum += (JSON.parse(message.data) as { data: BenchPayload }).data.n;
  };
  await getBytes(stream, getLines(getMessages(ignore, ignore, onMessage)));
  return sum;
};

const kit: Contender = async (bytes, chunkBytes) => {
  let sum = 0;
  const handle = connect<{ tick: BenchPayload }>('http://bench.invalid/', {
    onEvent: (event) => {
      sum += event.data.n;
    },
    ports: {
      transport: () =>
        Promise.resolve({
          status: 200,
          url: 'http://bench.invalid/',
          header: (name) => (name === 'content-type' ? 'text/event-stream' : null),
          body: source(bytes, chunkBytes),
        }),
    },
  });
  await handle.closed;
  return sum;
};

const CONTENDERS: Readonly<Record<string, Contender>> = {
  'eventsource-parser + JSON.parse': parserAndJson,
  kit,
  'fetch-event-source': fetchEventSource,
};

const bytes = recording(EVENTS);
const expected = (EVENTS * (EVENTS + 1)) / 2;
console.log(
  `${EVENTS} events, ${(bytes.length / 1e6).toFixed(0)} MB, ${ROUNDS} rounds, Node ${process.versions.node}`,
);

for (const chunkBytes of values.chunks.split(',').map(Number)) {
  const rates = new Map<string, number[]>(Object.keys(CONTENDERS).map((name) => [name, []]));
  for (let round = -1; round < ROUNDS; round++) {
    for (const [name, run] of Object.entries(CONTENDERS)) {
      globalThis.gc?.();
      const start = performance.now();
      const sum = await run(bytes, chunkBytes);
      const seconds = (performance.now() - start) / 1000;
      if (sum !== expected)
        throw new Error(`${name} summed ${sum}, not ${expected}: it lost or repeated events`);
      if (round >= 0) rates.get(name)?.push(EVENTS / seconds); // the first round warms up
    }
  }
  const of = (name: string) => rates.get(name) ?? [];
  const base = of('eventsource-parser + JSON.parse');
  console.log(`\nchunks of ${chunkBytes} bytes`);
  console.log(
    table(
      ['client', 'events/s', 'ratio to parser + JSON.parse', 'min', 'max', 'kit ÷ this'],
      [...rates.keys()].map((name) => {
        const ratio = pairedRatio(of(name), base);
        return [
          name,
          median(of(name)),
          ratio.median,
          ratio.min,
          ratio.max,
          pairedRatio(of('kit'), of(name)).median,
        ];
      }),
    ),
  );
}
