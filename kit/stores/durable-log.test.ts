import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReplayLog } from '../server/replay-log.ts';
import { DurableLog, type DurableRetention } from './durable-log.ts';
import { createDurableLog, createDurableStore, type DurableLogOptions } from './durable-store.ts';
import { LevelSession } from './level-session.ts';
import { Bench, eventually, numberOf, range, readAll } from './log-contract-bench.ts';

const WIDE = { maxEvents: 1_000, maxBytes: 1 << 20 };

let directory: string;
const opened: ReplayLog[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'durable-log-'));
});

afterEach(async () => {
  for (const log of opened.splice(0)) await log.close();
  rmSync(directory, { recursive: true, force: true });
});

async function open(options: Partial<DurableLogOptions> = {}, made?: ReplayLog) {
  const log = made ?? createDurableLog({ directory, ...options });
  const bench = new Bench({ create: () => log, dispose: () => undefined });
  opened.push(log);
  await bench.create();
  return { log, bench };
}

async function raw(change: (db: ClassicLevel<string, string>) => Promise<void>): Promise<void> {
  const db = new ClassicLevel<string, string>(directory);
  await change(db);
  await db.close();
}

describe('a durable log', () => {
  it('names the format it found and the one it reads', async () => {
    const { log } = await open();
    await log.close();
    await raw((db) => db.put('format', '7'));
    await expect(open()).rejects.toMatchObject({
      code: 'ERR_LOG_FORMAT',
      message: expect.stringMatching(/holds log format "7", this version reads 1/),
    });
  });

  it('does not write into a database of something else', async () => {
    await raw((db) => db.put('someone', 'else'));
    await expect(open()).rejects.toMatchObject({ code: 'ERR_LOG_FORMAT' });
  });

  it('refuses a second opening in the same process', async () => {
    await open();
    await expect(open()).rejects.toMatchObject({ code: 'ERR_LOG_IN_USE' });
  });

  it('takes a new epoch when the machine went down without fsync and without a clean close', async () => {
    const { log, bench } = await open({ durability: 'process', bootId: 'monday' });
    await bench.publish(log, 1, 5);
    const before = log.bounds().epoch;
    const stored = await snapshotWhileOpen(log);
    await raw((db) => db.put('m\0stream', stored));
    const again = await open({ durability: 'process', bootId: 'tuesday' });
    expect(again.log.bounds()).toMatchObject({ head: 0, oldest: 1 });
    expect(again.log.bounds().epoch).not.toBe(before);
    expect(again.bench.failures).toMatchObject([{ code: 'ERR_LOG_TAIL_UNCERTAIN' }]);
    expect(await again.log.read({ epoch: before, seq: 3 }, { maxEvents: 9, maxBytes: 999 })).toEqual({
      kind: 'gone',
    });
  });

  it.each([
    ['the process alone was killed', { durability: 'process' as const, bootId: 'monday' }],
    ['every append was synced', { durability: 'disk' as const, bootId: 'tuesday' }],
  ])('keeps the epoch when %s', async (_, later) => {
    const { log, bench } = await open({ durability: later.durability, bootId: 'monday' });
    await bench.publish(log, 1, 5);
    const before = log.bounds().epoch;
    const stored = await snapshotWhileOpen(log);
    await raw((db) => db.put('m\0stream', stored));
    const again = await open(later);
    expect(again.log.bounds()).toMatchObject({ epoch: before, head: 5 });
    expect(again.bench.failures).toEqual([]);
  });

  it('takes a new epoch when its newest event is lost', async () => {
    const { log, bench } = await open();
    await bench.publish(log, 1, 5);
    const before = log.bounds().epoch;
    await log.close();
    await raw((db) => db.del(`e\0stream\0${'5'.padStart(16, '0')}`));
    const again = await open();
    expect(again.log.bounds().epoch).not.toBe(before);
    expect(again.log.bounds().head).toBe(0);
    expect(again.bench.failures.map((error) => error.message).join()).toMatch(/newest event 5 is lost/);
  });

  it('gives up the events before a hole, so that readers are told, and serves those after it', async () => {
    const { log, bench } = await open();
    await bench.publish(log, 1, 20);
    const { epoch } = log.bounds();
    await log.close();
    await raw((db) => db.put(`e\0stream\0${'12'.padStart(16, '0')}`, 'garbage'));
    const again = await open({ hotBytes: 1 });
    const first = await again.log.read({ epoch, seq: 3 }, { maxEvents: 100, maxBytes: 1 << 20 });
    expect(first).toMatchObject({ kind: 'batch', firstSeq: 4, lastSeq: 11 });
    expect(await again.log.read({ epoch, seq: 11 }, { maxEvents: 100, maxBytes: 1 << 20 })).toEqual({
      kind: 'gone',
    });
    expect(again.log.bounds()).toMatchObject({ oldest: 13, head: 20 });
    expect((await readAll(again.log, { epoch, seq: 12 })).map(numberOf)).toEqual([
      13, 14, 15, 16, 17, 18, 19, 20,
    ]);
    expect(again.bench.failures[0]).toMatchObject({ code: 'ERR_LOG_CORRUPT' });
  });

  it('refuses publishers when the disk does, and tells the host', async () => {
    const store = createDurableStore({ directory });
    const { log, bench } = await open({}, store.log('s'));
    await bench.publish(log, 1, 2);
    await store.close();
    await expect(log.append(bench.draft(3))).rejects.toMatchObject({ code: 'ERR_LOG_UNAVAILABLE' });
    expect(bench.failures).toMatchObject([{ code: 'ERR_LOG_UNAVAILABLE' }]);
    expect(log.bounds().head).toBe(2);
    await expect(log.close()).rejects.toThrow();
    opened.length = 0;
  });

  describe('whose disk fails for a moment', () => {
    /** A log over a real database, some of whose operations can be made to fail. */
    async function shaky(retention: DurableRetention = {}) {
      const db = new ClassicLevel<string, string>(directory);
      await db.open();
      const failing = { reads: false, writes: false };
      const tooManyFiles = () => new Error('IO error: 000005.ldb: Too many open files');
      const shakyDb = new Proxy(db, {
        get(target, name) {
          if (name === 'getSync' && failing.reads) return () => raise(tooManyFiles());
          if (name === 'batch' && failing.writes) return () => Promise.reject(tooManyFiles());
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
      const make = () =>
        new DurableLog('s', retention, {
          acquire: async () => new LevelSession(shakyDb, false, 'monday'),
          release: async () => undefined,
        });
      return { make, failing, db };
    }

    it('keeps the events that it cannot read, and serves them when it can again', async () => {
      const { make, failing, db } = await shaky({ hotBytes: 1, maxEvents: 30 });
      const { log, bench } = await open({}, make());
      await bench.publish(log, 1, 20);
      const { epoch } = log.bounds();
      failing.reads = true;
      await expect(async () => log.read({ epoch, seq: 3 }, WIDE)).rejects.toMatchObject({
        code: 'ERR_LOG_UNAVAILABLE',
      });
      expect(log.bounds()).toMatchObject({ oldest: 1, head: 20 });
      await bench.publish(log, 21, 20);
      failing.reads = false;
      expect((await readAll(log, { epoch, seq: 15 })).map(numberOf)).toEqual(range(16, 40));
      await bench.publish(log, 41, 1);
      expect(log.bounds()).toMatchObject({ oldest: 12, head: 41 });
      await log.close();
      await db.close();
    });

    it('opens when it is asked again, and then works', async () => {
      const { make, failing, db } = await shaky();
      const log = make();
      failing.writes = true;
      await expect(open({}, log)).rejects.toThrow('Too many open files');
      failing.writes = false;
      const { bench } = await open({}, log);
      expect((await bench.publish(log, 1, 2)).map(({ seq }) => seq)).toEqual([1, 2]);
      await log.close();
      await db.close();
    });
  });

  it('frees what retention drops, on disk too', async () => {
    const { log, bench } = await open({ maxEvents: 10 });
    await bench.publish(log, 1, 200);
    await log.close();
    await raw(async (db) => {
      const keys = await db.keys({ gte: 'e', lt: 'f' }).all();
      expect(keys).toHaveLength(10);
    });
  });

  describe('drops a thousand at a time, no more than the event loop can wait for,', () => {
    it('of those that age at once', async () => {
      const { log, bench } = await open({ maxAgeMs: 60_000 });
      await bench.publish(log, 1, 4_000);
      bench.unixMs += 100_000;
      await expectSlices(log, 0);
    });

    it.each([
      ['many', { maxEvents: 100 }, 100],
      ['large', { maxBytes: 100 }, 1],
    ])(
      'of those that are too %s for the retention with which it is opened again',
      async (_, retention, kept) => {
        const before = await open();
        await before.bench.publish(before.log, 1, 4_000);
        await before.log.close();
        const { log } = await open(retention);
        await expectSlices(log, kept);
      },
    );

    async function expectSlices(log: ReplayLog, kept: number): Promise<void> {
      expect(log.bounds().oldest).toBe(1_001);
      await eventually('the rest goes', () => log.bounds().oldest === 4_001 - kept);
      await log.close();
      await raw(async (db) => {
        expect(await db.keys({ gte: 'e', lt: 'f' }).all()).toHaveLength(kept);
      });
    }
  });

  it('counts its bytes the same after a reopen', async () => {
    const { log, bench } = await open({ maxEvents: 10 });
    await bench.publish(log, 1, 33, 50);
    const { bytes } = log.bounds();
    await log.close();
    const again = await open({ maxEvents: 10 });
    expect(again.log.bounds().bytes).toBe(bytes);
    expect(bytes).toBeGreaterThan(10 * 50);
  });

  it.each([
    ['maxEvents', 0],
    ['maxBytes', Number.NaN],
    ['maxAgeMs', -1],
    ['hotBytes', 0],
  ])('refuses %s: %d', (name, value) => {
    expect(() => createDurableLog({ directory, [name]: value })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION' }),
    );
  });
});

describe('a durable store', () => {
  it('keeps streams apart, also when one name begins another', async () => {
    const store = createDurableStore({ directory });
    const a = await open({}, store.log('a', { maxEvents: 5 }));
    const ab = await open({}, store.log('ab'));
    await a.bench.publish(a.log, 1, 30);
    await ab.bench.publish(ab.log, 100, 3);
    expect((await readAll(a.log, { ...epochOf(a.log), seq: 25 })).map(numberOf)).toEqual([
      26, 27, 28, 29, 30,
    ]);
    expect((await readAll(ab.log, { ...epochOf(ab.log), seq: 0 })).map(numberOf)).toEqual([100, 101, 102]);
    await expect(open({}, store.log('a'))).rejects.toMatchObject({ code: 'ERR_LOG_IN_USE' });
    await a.log.close();
    await ab.log.close();
    await store.close();
  });

  it.each(['', 'a\0b'])('refuses the stream name %j', (name) => {
    expect(() => createDurableStore({ directory }).log(name)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION' }),
    );
  });
});

function raise(error: Error): never {
  throw error;
}

function epochOf(log: ReplayLog): { epoch: string } {
  return { epoch: log.bounds().epoch };
}

/** The bounds record as a crash would leave it: closed in order, it is replaced by a clean one. */
async function snapshotWhileOpen(log: ReplayLog): Promise<string> {
  await log.close();
  let text = '';
  await raw(async (db) => {
    text = (await db.get('m\0stream')) ?? '';
  });
  return JSON.stringify({ ...(JSON.parse(text) as object), clean: false });
}
