// Replay: how fast a client that comes back gets what it missed, beside a plain ring of framed Buffers in 64 KiB writes.
//
//   npx tsx bench/replay.ts [--events 100000] [--rounds 7]
import { connect } from 'node:net';
import { parseArgs } from 'node:util';
import { type BenchChild, startChild } from './support/child.ts';
import { median, pairedRatio } from './support/ratio.ts';
import { table } from './support/table.ts';

const { values } = parseArgs({
  options: { events: { type: 'string', default: '100000' }, rounds: { type: 'string', default: '7' } },
});
const events = Number(values.events);
const server = new URL('./replay/server.ts', import.meta.url);

/** Reads until the last event's id has come; returns the bytes and the seconds. */
function replay(port: number): Promise<{ bytes: number; seconds: number }> {
  const last = Buffer.from(`\nid: benchEpoch01.${events}\n`);
  return new Promise((resolve, reject) => {
    const start = performance.now();
    let bytes = 0;
    let tail = Buffer.alloc(0);
    const socket = connect(port, '127.0.0.1', () =>
      socket.write('GET /events HTTP/1.1\r\nHost: bench\r\nLast-Event-ID: benchEpoch01.0\r\n\r\n'),
    );
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      bytes += chunk.length;
      // The id may be split between two chunks, so the end of the one before is looked at again. Only the last
      // 100 bytes and the last 4 KiB are searched: searching is not what is measured.
      const end = Buffer.concat([tail, chunk.subarray(-4096)]);
      tail = chunk.subarray(-100);
      if (end.includes(last)) {
        socket.destroy();
        resolve({ bytes, seconds: (performance.now() - start) / 1000 });
      }
    });
  });
}

const children = new Map<string, BenchChild>();
for (const name of ['plain ring', 'kit'])
  children.set(name, await startChild(server, [name, String(events)]));
const rates = new Map<string, number[]>([...children.keys()].map((name) => [name, []]));
const megabytes = new Map<string, number>();
try {
  for (let round = -2; round < Number(values.rounds); round++) {
    for (const [name, child] of children) {
      const { port } = await child.call<{ port: number }>({ op: 'port' });
      const { bytes, seconds } = await replay(port);
      megabytes.set(name, bytes / 1e6);
      if (round >= 0) rates.get(name)?.push(events / seconds);
    }
  }
} finally {
  await Promise.all([...children.values()].map((child) => child.stop()));
}
const of = (name: string) => rates.get(name) ?? [];
console.log(`replay of ${events} events, ${values.rounds} rounds, ratios per round`);
console.log(
  table(
    ['server', 'events/s', 'MB', 'ratio to plain ring', 'min', 'max'],
    [...rates.keys()].map((name) => {
      const ratio = pairedRatio(of(name), of('plain ring'));
      return [name, median(of(name)), megabytes.get(name) ?? 0, ratio.median, ratio.min, ratio.max];
    }),
  ),
);
