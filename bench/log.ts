// What a log costs as it grows: appending to a full log, and finding a cursor in it, beside an array that is rebuilt
// or scanned, as replay buffers commonly do. Constant time shows as the same figure at 1,000 and 100,000 events.
//
//   npx tsx bench/log.ts
import { createMemoryLog } from '../kit/server/index.ts';
import { median } from './support/ratio.ts';
import { table } from './support/table.ts';

interface Subject {
  append(n: number): void;
  /** Reads one event after the cursor at `seq`. */
  find(seq: number): void;
}

const EPOCH = 'benchEpoch01';
const frame = (n: number) =>
  `event: tick\nid: ${EPOCH}.${n}\ndata: {"n":${n},"text":"${'x'.repeat(60)}"}\n\n`;

function kitLog(size: number): Subject {
  const log = createMemoryLog({ maxEvents: size, maxBytes: 1e9, epoch: EPOCH });
  const ignore = (): void => undefined;
  void log.open({ encode: ({ seq }) => frame(seq), advanced: ignore, failed: ignore, now: Date.now });
  return {
    append: (n) => void log.append({ type: 'tick', data: '{}', unixMs: n }),
    find: (seq) => void log.read({ epoch: EPOCH, seq }, { maxEvents: 1, maxBytes: 65_536 }),
  };
}

/** The common buffer: an array of `{id, frame}`; trimmed with `slice`, searched with `findIndex`. */
function arrayLog(size: number): Subject {
  let events: { id: string; frame: string }[] = [];
  return {
    append(n) {
      events.push({ id: `${EPOCH}.${n}`, frame: frame(n) });
      if (events.length > size) events = events.slice(-size);
    },
    find(seq) {
      const id = `${EPOCH}.${seq}`;
      events.findIndex((event) => event.id === id);
    },
  };
}

/** Median over rounds of the microseconds per call. */
function micros(rounds: number, calls: number, call: (i: number) => void): number {
  return median(
    Array.from({ length: rounds }, (_, round) => {
      const start = performance.now();
      for (let i = 0; i < calls; i++) call(round * calls + i);
      return ((performance.now() - start) * 1000) / calls;
    }),
  );
}

const rows = [];
for (const [name, create, calls] of [
  ['kit memory log', kitLog, 5_000],
  ['array, slice and findIndex', arrayLog, 50],
] as const) {
  for (const size of [1_000, 100_000]) {
    const subject = create(size);
    for (let n = 1; n <= size; n++) subject.append(n);
    let n = size;
    const append = micros(7, calls, () => subject.append(++n));
    const find = micros(7, calls, (i) => subject.find(n - 1 - ((i * 7919) % (size - 1))));
    rows.push([name, String(size), append, find]);
  }
}
console.log(table(['log', 'events held', 'append µs', 'find cursor µs'], rows));
