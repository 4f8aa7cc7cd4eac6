import assert from 'node:assert/strict';
import { createEpoch } from '../protocol/index.ts';
import {
  assertExactly,
  batchOf,
  eventually,
  type LogSubject,
  numberOf,
  range,
  readAll,
  rejection,
  START_UNIX_MS,
  WIDE,
} from './log-contract-bench.ts';
import { type ContractCase, define } from './log-contract-case.ts';
import { INSTANCE_CASES } from './log-contract-instances.ts';

export type { ContractRetention, LogSubject } from './log-contract-bench.ts';
export type { ContractCase } from './log-contract-case.ts';

/**
 * The contract of `ReplayLog` as runnable cases, for every log: ours and yours. With vitest:
 * `for (const one of replayLogContract()) it(one.name, () => one.run(subject))`.
 */
export function replayLogContract(): readonly ContractCase[] {
  return CASES;
}

/** Whether a subject offers what a case needs; a case that is skipped should be skipped by name. */
export function contractApplies(one: ContractCase, subject: LogSubject): boolean {
  return one.needs.every((need) => subject[need] !== undefined);
}

const CASES: readonly ContractCase[] = [
  define('begins empty, with an epoch and head 0', async (bench) => {
    const log = await bench.create();
    const { epoch, oldest, head, bytes, oldestUnixMs, ended } = log.bounds();
    assert.deepEqual(
      { oldest, head, bytes, oldestUnixMs, ended },
      { oldest: 1, head: 0, bytes: 0, oldestUnixMs: null, ended: false },
    );
    assert.match(epoch, /^[A-Za-z0-9_~-]{8,64}$/);
    assert.deepEqual(await log.read({ epoch, seq: 0 }, WIDE), { kind: 'caught-up' });
  }),

  define('assigns 1, 2, 3 … in the order of the calls, without waiting between them', async (bench) => {
    const log = await bench.create();
    const { epoch } = log.bounds();
    const positions = await bench.publish(log, 1, 500);
    assert.deepEqual(
      positions,
      range(1, 500).map((seq) => ({ epoch, seq })),
    );
    const frames = await readAll(log, { epoch, seq: 0 });
    assertExactly(frames, epoch, 1, 500);
    assert.deepEqual(frames.map(numberOf), range(1, 500));
  }),

  define('shows an event to readers no earlier than append resolves', async (bench) => {
    const log = await bench.create();
    for (let n = 1; n <= 20; n++) {
      const appended = log.append(bench.draft(n));
      const early = log.bounds().head;
      const synchronous = !(appended instanceof Promise);
      const position = await appended;
      assert.equal(position.seq, n);
      assert.equal(early, synchronous ? n : n - 1);
      await eventually('head reaches the appended event', () => log.bounds().head === n);
    }
  }),

  define('moves head when append has resolved, and says so', async (bench) => {
    const log = await bench.create();
    const before = bench.advanced;
    await bench.publish(log, 1, 3);
    await eventually('head is 3', () => log.bounds().head === 3);
    assert.ok(bench.advanced > before, 'advanced() was called');
  }),

  define('reads after any cursor inside, and nothing at the head', async (bench) => {
    const log = await bench.create();
    const { epoch } = log.bounds();
    await bench.publish(log, 1, 40);
    for (const seq of [0, 1, 17, 39]) {
      assertExactly(await readAll(log, { epoch, seq }), epoch, seq + 1, 40);
    }
    assert.deepEqual(await log.read({ epoch, seq: 40 }, WIDE), { kind: 'caught-up' });
  }),

  define('keeps within the limits of a read, yet returns one frame however large', async (bench) => {
    const log = await bench.create();
    const { epoch } = log.bounds();
    await bench.publish(log, 1, 30, 100);
    const three = batchOf(await log.read({ epoch, seq: 4 }, { ...WIDE, maxEvents: 3 }), { epoch, seq: 4 });
    assert.ok(three.lastSeq <= 7);
    const small = batchOf(await log.read({ epoch, seq: 4 }, { ...WIDE, maxBytes: 400 }), { epoch, seq: 4 });
    assert.ok(small.bytes.byteLength <= 400);
    const tiny = batchOf(await log.read({ epoch, seq: 4 }, { maxEvents: 1, maxBytes: 1 }), { epoch, seq: 4 });
    assert.equal(tiny.lastSeq, 5);
    assertExactly(await readAll(log, { epoch, seq: 0 }, { maxEvents: 4, maxBytes: 500 }), epoch, 1, 30);
  }),

  define('keeps every kind of text byte for byte', async (bench) => {
    const log = await bench.create();
    const { epoch } = log.bounds();
    const texts = ['', 'ünïcödé 日本 🎉', '\u2028\u2029', '\\n\\u0000', '"quotes"', 'x'.repeat(200_000)];
    for (const text of texts) {
      await log.append({ type: `t ü:${text.length}`, data: JSON.stringify(text), unixMs: bench.unixMs });
    }
    const frames = await readAll(log, { epoch, seq: 0 });
    assert.deepEqual(
      frames.map((frame) => JSON.parse(/^data: ([^\n]*)$/m.exec(frame)?.[1] ?? '') as unknown),
      texts,
    );
    assert.match(frames[1] ?? '', /^event: t ü:/m);
  }),

  define(
    'answers `gone` to a cursor of another epoch, beyond the head, or before the oldest',
    async (bench) => {
      const log = await bench.create({ maxEvents: 10 });
      const { epoch } = log.bounds();
      await bench.publish(log, 1, 25);
      assert.deepEqual(await log.read({ epoch: createEpoch(), seq: 20 }, WIDE), { kind: 'gone' });
      assert.deepEqual(await log.read({ epoch, seq: 26 }, WIDE), { kind: 'gone' });
      assert.deepEqual(await log.read({ epoch, seq: 14 }, WIDE), { kind: 'gone' });
      assertExactly(await readAll(log, { epoch, seq: 15 }), epoch, 16, 25);
    },
  ),

  define('holds the newest events by count', async (bench) => {
    const log = await bench.create({ maxEvents: 7 });
    const { epoch } = log.bounds();
    for (let n = 1; n <= 30; n++) {
      await bench.publish(log, n, 1);
      const { oldest, head } = log.bounds();
      assert.equal(head - oldest + 1, Math.min(n, 7));
    }
    assertExactly(await readAll(log, { epoch, seq: 23 }), epoch, 24, 30);
  }),

  define('holds the newest events by bytes, and the newest one always', async (bench) => {
    const log = await bench.create({ maxBytes: 4_000 });
    await bench.publish(log, 1, 60, 200);
    const many = log.bounds();
    assert.ok(many.bytes <= 4_000 && many.bytes >= 2_000, `holds ${many.bytes} of 4,000 bytes`);
    assert.equal(many.head, 60);
    await bench.publish(log, 61, 1, 9_000);
    const one = log.bounds();
    assert.deepEqual([one.oldest, one.head], [61, 61]);
    assertExactly(await readAll(log, { epoch: one.epoch, seq: 60 }), one.epoch, 61, 61);
  }),

  define('drops events by age at the latest when the next is appended, and keeps the head', async (bench) => {
    const log = await bench.create({ maxAgeMs: 60_000 });
    await bench.publish(log, 1, 5);
    bench.unixMs += 40_000;
    await bench.publish(log, 6, 5);
    assert.equal(log.bounds().oldest, 1);
    bench.unixMs += 30_000;
    await bench.publish(log, 11, 1);
    assert.deepEqual([log.bounds().oldest, log.bounds().head], [6, 11]);
    assert.equal(log.bounds().oldestUnixMs, START_UNIX_MS + 40_000);
    bench.unixMs += 1_000_000;
    await bench.publish(log, 12, 1);
    const { epoch, oldest, head } = log.bounds();
    assert.deepEqual([oldest, head], [12, 12]);
    assertExactly(await readAll(log, { epoch, seq: 11 }), epoch, 12, 12);
  }),

  define('survives clock jumps: sequences, order and epoch do not depend on time', async (bench) => {
    const log = await bench.create({ maxAgeMs: 60_000 });
    const { epoch } = log.bounds();
    await bench.publish(log, 1, 3);
    bench.unixMs -= 3_600_000;
    await bench.publish(log, 4, 3);
    const { oldest, head } = log.bounds();
    assert.deepEqual([oldest, head], [1, 6], 'a clock that ran backwards drops nothing');
    bench.unixMs += 3_600_000;
    await bench.publish(log, 7, 2);
    const frames = await readAll(log, { epoch, seq: log.bounds().oldest - 1 });
    assert.deepEqual(frames.map(numberOf), range(log.bounds().oldest, 8));
    assert.equal(log.bounds().epoch, epoch);
  }),

  define('serves many readers at once, while another task publishes', async (bench) => {
    const log = await bench.create();
    const { epoch } = log.bounds();
    const total = 400;
    const publishing = (async () => {
      for (let n = 1; n <= total; n += 8) await bench.publish(log, n, 8);
    })();
    const reader = async (maxEvents: number): Promise<string[]> => {
      const seen: string[] = [];
      while (seen.length < total) {
        seen.push(...(await readAll(log, { epoch, seq: seen.length }, { maxEvents, maxBytes: 2_000 })));
        await new Promise((resolve) => setImmediate(resolve));
      }
      return seen;
    };
    const all = await Promise.all([1, 2, 3, 7, 100].map(reader));
    await publishing;
    for (const frames of all) assertExactly(frames, epoch, 1, total);
  }),

  define('encodes an event once, however many read it', async (bench) => {
    const log = await bench.create();
    const { epoch } = log.bounds();
    await bench.publish(log, 1, 50);
    await eventually('all are visible', () => log.bounds().head === 50);
    await Promise.all(Array.from({ length: 20 }, () => readAll(log, { epoch, seq: 0 })));
    assert.equal(bench.encoded, 50);
  }),

  define('finds a cursor in a full log in constant time', async (bench) => {
    const log = await bench.create({ maxEvents: 4_000 });
    const { epoch } = log.bounds();
    await bench.publish(log, 1, 5_000);
    await eventually('all are visible', () => log.bounds().head === 5_000);
    const timed = async (from: number): Promise<number> => {
      const started = performance.now();
      for (let i = 0; i < 40; i++) await log.read({ epoch, seq: from + i }, { maxEvents: 1, maxBytes: 1 });
      return performance.now() - started;
    };
    // The best of many rounds: what else the machine does can only slow a round down.
    let [old, recent] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let round = 0; round < 15; round++) {
      old = Math.min(old, await timed(1_100 + round * 50));
      recent = Math.min(recent, await timed(4_100 + round * 50));
    }
    // A scan from either end would differ by a factor of a hundred.
    const ratio = Math.max(old, recent) / Math.min(old, recent);
    assert.ok(ratio < 15, `old ${old} ms, recent ${recent} ms`);
  }),

  define('ends: no event follows, what is held stays readable', async (bench) => {
    const log = await bench.create();
    const { epoch } = log.bounds();
    await bench.publish(log, 1, 3);
    const before = bench.advanced;
    await log.end();
    await log.end();
    await eventually('ended', () => log.bounds().ended);
    assert.ok(bench.advanced > before);
    assert.equal((await rejection(() => log.append(bench.draft(4)))).code, 'ERR_STREAM_ENDED');
    assert.equal(log.bounds().head, 3);
    assertExactly(await readAll(log, { epoch, seq: 0 }), epoch, 1, 3);
    assert.deepEqual(await log.read({ epoch, seq: 3 }, WIDE), { kind: 'caught-up' });
  }),

  define('ends once, however many calls want it at the same time', async (bench) => {
    const log = await bench.create();
    await bench.publish(log, 1, 1);
    await Promise.all([log.end(), log.end(), log.end()]);
    assert.equal(log.bounds().ended, true);
    assert.equal(log.bounds().head, 1);
  }),

  define('closes: appends under way settle, later ones are refused, twice is once', async (bench) => {
    const log = await bench.create();
    const under = bench.publish(log, 1, 20);
    const settled = under.then(
      (positions) => positions.length,
      () => 'refused' as const,
    );
    await log.close();
    await log.close();
    assert.ok([20, 'refused'].includes(await settled));
    assert.equal((await rejection(() => log.append(bench.draft(21)))).code, 'ERR_LOG_CLOSED');
  }),

  define('refreshes without harm', async (bench) => {
    const log = await bench.create();
    await bench.publish(log, 1, 4);
    await log.refresh();
    assert.equal(log.bounds().head, 4);
  }),
  ...INSTANCE_CASES,
];
