import assert from 'node:assert/strict';
import {
  assertExactly,
  eventually,
  numberOf,
  range,
  readAll,
  rejection,
  WIDE,
} from './log-contract-bench.ts';
import { type ContractCase, define } from './log-contract-case.ts';

/** What outlives an instance, and what several instances on one store see of each other. */
export const INSTANCE_CASES: readonly ContractCase[] = [
  define(
    'comes back with the same epoch, events and head after a reopen',
    async (bench) => {
      const first = await bench.create({ maxEvents: 50 });
      const { epoch } = first.bounds();
      await bench.publish(first, 1, 80);
      await first.close();
      const again = await bench.reopen();
      const bounds = again.bounds();
      assert.deepEqual([bounds.epoch, bounds.oldest, bounds.head], [epoch, 31, 80]);
      const [next] = await bench.publish(again, 81, 1);
      assert.deepEqual(next, { epoch, seq: 81 });
      const frames = await readAll(again, { epoch, seq: 40 });
      assertExactly(frames, epoch, 41, 81);
      assert.deepEqual(frames.map(numberOf), range(41, 81));
    },
    'reopen',
  ),

  define(
    'keeps the head number over a reopen when everything has aged away',
    async (bench) => {
      const first = await bench.create({ maxAgeMs: 1_000 });
      const { epoch } = first.bounds();
      await bench.publish(first, 1, 9);
      await first.close();
      bench.unixMs += 3_600_000;
      const again = await bench.reopen();
      const [next] = await bench.publish(again, 10, 1);
      assert.deepEqual(next, { epoch, seq: 10 });
      assert.deepEqual([again.bounds().oldest, again.bounds().head], [10, 10]);
    },
    'reopen',
  ),

  define(
    'remembers the end over a reopen',
    async (bench) => {
      const first = await bench.create();
      const { epoch } = first.bounds();
      await bench.publish(first, 1, 2);
      await first.end();
      await first.close();
      const again = await bench.reopen();
      assert.equal(again.bounds().ended, true);
      assert.equal((await rejection(() => again.append(bench.draft(3)))).code, 'ERR_STREAM_ENDED');
      assertExactly(await readAll(again, { epoch, seq: 0 }), epoch, 1, 2);
    },
    'reopen',
  ),

  define(
    'two instances publish and read anywhere: same positions, one order',
    async (bench) => {
      const one = await bench.create();
      const two = await bench.second();
      const { epoch } = one.bounds();
      assert.equal(two.bounds().epoch, epoch);
      const positions = await Promise.all([bench.publish(one, 1, 100), bench.publish(two, 1_001, 100)]);
      const seqs = positions.flat().map(({ seq }) => seq);
      assert.deepEqual(
        seqs.toSorted((a, b) => a - b),
        range(1, 200),
      );
      for (const log of [one, two]) {
        await eventually('all 200 are visible', () => log.bounds().head === 200);
        assertExactly(await readAll(log, { epoch, seq: 0 }), epoch, 1, 200);
      }
      assert.deepEqual(await readAll(one, { epoch, seq: 0 }), await readAll(two, { epoch, seq: 0 }));
    },
    'second',
  ),

  define(
    'a cursor that another instance handed out is known after a refresh',
    async (bench) => {
      const one = await bench.create();
      const two = await bench.second();
      const [position] = await bench.publish(one, 1, 1);
      assert.ok(position);
      await two.refresh();
      assert.deepEqual(await two.read(position, WIDE), { kind: 'caught-up' });
    },
    'second',
  ),

  define(
    'an end on one instance reaches the other',
    async (bench) => {
      const one = await bench.create();
      const two = await bench.second();
      await bench.publish(one, 1, 2);
      await Promise.all([one.end(), two.end()]);
      await eventually('the other instance knows', () => two.bounds().ended);
      assert.equal(two.bounds().head, 2);
      assert.equal((await rejection(() => two.append(bench.draft(3)))).code, 'ERR_STREAM_ENDED');
    },
    'second',
  ),
];
