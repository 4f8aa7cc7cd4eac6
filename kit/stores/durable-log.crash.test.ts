import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parsePosition } from '../protocol/index.ts';
import type { ReplayLog } from '../server/replay-log.ts';
import { createDurableLog } from './durable-store.ts';
import { Bench, numberOf, readAll } from './log-contract-bench.ts';

const FIXTURE = join(import.meta.dirname, 'durable-publisher.fixture.ts');

let directory: string;
const children: ChildProcess[] = [];
const logs: ReplayLog[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'durable-crash-'));
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
  for (const log of logs.splice(0)) await log.close();
  rmSync(directory, { recursive: true, force: true });
});

async function open(at = directory): Promise<{ log: ReplayLog; failures: readonly Error[] }> {
  const bench = new Bench({ create: () => createDurableLog({ directory: at }), dispose: () => undefined });
  const log = await bench.create();
  logs.push(log);
  return { log, failures: bench.failures };
}

/** Lets no file of this process grow beyond so many bytes (or beyond none): what a full disk does to a journal. */
function limitFiles(bytes: number | 'unlimited'): boolean {
  return spawnSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`]).status === 0;
}

const canLimitFiles = limitFiles('unlimited');

interface Publisher {
  readonly child: ChildProcess;
  /** Resolves with everything said when the process has ended and its pipe is empty. */
  readonly lines: Promise<string[]>;
  /** Resolves when so many lines were said. */
  said(count: number): Promise<void>;
}

function publisher(durability: string, first = 1): Publisher {
  const child = spawn(process.execPath, ['--import', 'tsx', FIXTURE, directory, durability, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  const waiting: { count: number; resolve: () => void }[] = [];
  reader.on('line', (line) => {
    lines.push(line);
    for (const one of waiting) if (lines.length >= one.count) one.resolve();
  });
  return {
    child,
    lines: once(reader, 'close').then(() => lines),
    said: (count) =>
      new Promise((resolve) => {
        waiting.push({ count, resolve });
        if (lines.length >= count) resolve();
      }),
  };
}

/** Runs a publisher until it has acknowledged about `acks` events, kills it, and returns what it acknowledged. */
async function killedPublisher(durability: string, acks: number, first = 1) {
  const { child, lines, said } = publisher(durability, first);
  await said(acks);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  return (await lines)
    .filter((line) => line.startsWith('ack '))
    .map((line) => {
      const [, id = '', n] = line.split(' ');
      const position = parsePosition(id);
      if (!position) throw new Error(`not an ack: ${line}`);
      return { position, n: Number(n) };
    });
}

describe('the durable log and kill -9', () => {
  it.each(['disk', 'process'])(
    'loses no acknowledged event over five kills while publishing (durability: %s)',
    { timeout: 60_000 },
    async (durability) => {
      const acknowledged = new Map<number, { epoch: string; n: number }>();
      for (let round = 1; round <= 5; round++) {
        const acks = await killedPublisher(durability, 37 * round, round * 1_000_000);
        expect(acks.length).toBeGreaterThanOrEqual(37 * round - 1);
        for (const { position, n } of acks) {
          expect(acknowledged.has(position.seq)).toBe(false);
          acknowledged.set(position.seq, { epoch: position.epoch, n });
        }
        const { log, failures } = await open();
        const { epoch, head, oldest } = log.bounds();
        const frames = await readAll(log, { epoch, seq: 0 });
        expect(oldest).toBe(1);
        expect(frames).toHaveLength(head);
        for (const [seq, ack] of acknowledged) {
          expect(ack.epoch).toBe(epoch);
          expect(numberOf(frames[seq - 1] ?? '')).toBe(ack.n);
        }
        expect(failures).toEqual([]);
        await log.close();
      }
    },
  );

  it('comes back with a whole prefix, whatever byte a torn write stopped at', {
    timeout: 60_000,
  }, async () => {
    await killedPublisher('process', 60);
    const file = newestLogFile(directory);
    const whole = readFileSync(join(directory, file));
    const heads = new Set<number>();
    // Every cut in the last part of the write-ahead log, in steps that hit headers, keys and values.
    for (let cut = whole.length; cut > Math.max(0, whole.length - 6_000); cut -= 397) {
      const copy = `${directory}-cut`;
      cpSync(directory, copy, { recursive: true });
      writeFileSync(join(copy, file), whole.subarray(0, cut));
      try {
        const { log } = await open(copy);
        const { epoch, head } = log.bounds();
        const frames = await readAll(log, { epoch, seq: 0 });
        expect(frames.map(numberOf)).toEqual(Array.from({ length: head }, (_, i) => i + 1));
        await log.append({ type: 'tick', data: JSON.stringify({ n: head + 1 }), unixMs: 0 });
        heads.add(head);
        await log.close();
      } finally {
        rmSync(copy, { recursive: true, force: true });
      }
    }
    expect(heads.size).toBeGreaterThan(2);
  });

  it('drops a half-written record after the last whole one', async () => {
    const acks = await killedPublisher('process', 40);
    const file = join(directory, newestLogFile(directory));
    writeFileSync(
      file,
      Buffer.concat([readFileSync(file), Buffer.from('\x12\x34\x56\x78\xff\x00\x01half', 'latin1')]),
    );
    const { log, failures } = await open();
    expect(log.bounds().head).toBeGreaterThanOrEqual(Math.max(...acks.map(({ position }) => position.seq)));
    expect(failures).toEqual([]);
  });
});

describe('a disk that was full', () => {
  const name = 'takes nothing with it that was acknowledged when there was room again';
  it.skipIf(!canLimitFiles)(canLimitFiles ? name : `${name} (there is no prlimit to fill it)`, async () => {
    const { log } = await open();
    const append = async () => {
      const data = JSON.stringify({ n: log.bounds().head + 1, pad: 'x'.repeat(3_000) });
      return log.append({ type: 'tick', data, unixMs: 0 });
    };
    for (let n = 0; n < 20; n++) await append();
    limitFiles(statSync(join(directory, newestLogFile(directory))).size + 5_000);
    try {
      await append();
      await expect(append()).rejects.toMatchObject({ code: 'ERR_LOG_UNAVAILABLE' });
    } finally {
      limitFiles('unlimited');
    }
    for (let n = 0; n < 20; n++) await append();
    const { epoch, head } = log.bounds();
    expect(head).toBe(41);

    const crashed = `${directory}-crashed`;
    cpSync(directory, crashed, { recursive: true });
    try {
      const { log: again } = await open(crashed);
      expect(again.bounds()).toMatchObject({ epoch, head });
      const frames = await readAll(again, { epoch, seq: 0 });
      expect(frames.map(numberOf)).toEqual(Array.from({ length: head }, (_, i) => i + 1));
      await again.close();
    } finally {
      rmSync(crashed, { recursive: true, force: true });
    }
  });
});

describe('a second process on the same directory', () => {
  it('is refused with ERR_LOG_IN_USE and does no harm', async () => {
    const { log } = await open();
    const { child, lines } = publisher('disk');
    const exited = once(child, 'exit');
    expect(await lines).toEqual(['error ERR_LOG_IN_USE']);
    await exited;
    await log.append({ type: 'tick', data: '{"n":1}', unixMs: 0 });
    expect(log.bounds().head).toBe(1);
  });

  it('may open it as soon as the first one is killed', async () => {
    await killedPublisher('process', 10);
    const { log } = await open();
    expect(log.bounds().head).toBeGreaterThanOrEqual(9);
  });
});

/** LevelDB's write-ahead log: the newest `NNNNNN.log`. */
function newestLogFile(at: string): string {
  const file = readdirSync(at)
    .filter((name) => /^\d+\.log$/.test(name))
    .toSorted()
    .at(-1);
  if (!file || statSync(join(at, file)).size === 0) throw new Error(`no write-ahead log in ${at}`);
  return file;
}
