// End to end over loopback HTTP: CPU of the client process per event, beside global fetch + parser + JSON.parse.
//
//   npx tsx bench/loopback.ts [--events 200000] [--rounds 5]
import { parseArgs } from 'node:util';
import { type BenchChild, startChild } from './support/child.ts';
import { median, pairedRatio } from './support/ratio.ts';
import { table } from './support/table.ts';

const { values } = parseArgs({
  options: { events: { type: 'string', default: '200000' }, rounds: { type: 'string', default: '5' } },
});
const events = Number(values.events);
const expected = (events * (events + 1)) / 2;
const at = (path: string) => new URL(path, import.meta.url);
const NAMES = ['fetch + parser + JSON.parse', 'kit'] as const;

const server = await startChild(at('./loopback/server.ts'), [values.events]);
const clients = new Map<string, BenchChild>();
const cost = new Map<string, number[]>(NAMES.map((name) => [name, []]));
try {
  for (const name of NAMES) clients.set(name, await startChild(at('./loopback/client.ts'), [name]));
  const { port } = await server.call<{ port: number }>({ op: 'port' });
  for (let round = -1; round < Number(values.rounds); round++) {
    for (const [name, client] of clients) {
      const { sum, cpuMicros } = await client.call<{ sum: number; cpuMicros: number }>({
        url: `http://127.0.0.1:${port}/`,
      });
      if (sum !== expected)
        throw new Error(`${name} summed ${sum}, not ${expected}: it lost or repeated events`);
      if (round >= 0) cost.get(name)?.push(cpuMicros / events);
    }
  }
} finally {
  await Promise.all([server, ...clients.values()].map((child) => child.stop()));
}
const of = (name: string) => cost.get(name) ?? [];
console.log(
  `${events} events over loopback HTTP, ${values.rounds} rounds, ratios per round, Node ${process.versions.node}`,
);
console.log(
  table(
    ['client', 'CPU µs/event', 'ratio', 'min', 'max'],
    NAMES.map((name) => {
      const ratio = pairedRatio(of(name), of(NAMES[0]));
      return [name, median(of(name)), ratio.median, ratio.min, ratio.max];
    }),
  ),
);
