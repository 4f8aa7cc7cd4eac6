import { describe, expect, it } from 'vitest';
import { eventually, range } from './log-contract-bench.ts';
import { command, instance, numbers, redis, WIDE } from './redis-lab.fixture.ts';

describe('a Redis restart', () => {
  it('that keeps everything: same epoch, old cursors resume, publishers waited and lost nothing', async () => {
    const server = await redis('every-write');
    const [one, two] = [await instance(server), await instance(server)];
    const epoch = one.epoch();
    await one.bench.publish(one.log, 1, 10);
    await server.stop('SIGKILL');
    await eventually(
      'the loss is reported',
      () => one.bench.failures.length > 0 && two.bench.failures.length > 0,
    );
    const waiting = one.bench.publish(one.log, 11, 5);
    expect(await one.log.read({ epoch, seq: 4 }, WIDE)).toMatchObject({
      kind: 'batch',
      firstSeq: 5,
      lastSeq: 10,
    });
    await server.start();
    expect((await waiting).map(({ seq }) => seq)).toEqual([11, 12, 13, 14, 15]);
    await two.bench.publish(two.log, 16, 1);
    for (const { log, epoch: now } of [one, two]) {
      await eventually('everything is visible', () => log.bounds().head === 16);
      expect(now()).toBe(epoch);
      expect(await numbers(log, 3)).toEqual(range(4, 16));
    }
  });

  it('without persistence: a new epoch on every instance, old cursors are gone', async () => {
    const server = await redis('none');
    const [one, two] = [await instance(server), await instance(server)];
    const before = one.epoch();
    await one.bench.publish(one.log, 1, 10);
    await eventually('both have it', () => two.head() === 10);
    await server.stop();
    await server.start();
    await eventually('both changed', () => one.epoch() !== before && two.epoch() !== before);
    await two.bench.publish(two.log, 100, 3);
    await eventually('both have the new events', () => one.head() === 3 && two.head() === 3);
    expect(one.epoch()).toBe(two.epoch());
    expect(await numbers(one.log)).toEqual([100, 101, 102]);
    expect(await one.log.read({ epoch: before, seq: 4 }, WIDE)).toEqual({ kind: 'gone' });
  });

  it('that lost acknowledged events: a new epoch, because an instance knows more than Redis', async () => {
    const server = await redis('snapshot');
    const one = await instance(server);
    const before = one.epoch();
    await one.bench.publish(one.log, 1, 5);
    await command(server, 'SAVE');
    await one.bench.publish(one.log, 6, 5);
    await server.stop('SIGKILL');
    await server.start();
    await one.bench.publish(one.log, 11, 1);
    expect(one.epoch()).not.toBe(before);
    expect(await numbers(one.log)).toEqual([11]);
  });

  it('that nobody lived through: a new epoch, because nobody can vouch', async () => {
    const server = await redis('snapshot');
    const one = await instance(server);
    const before = one.epoch();
    await one.bench.publish(one.log, 1, 5);
    await one.log.close();
    await server.stop();
    await server.start();
    const later = await instance(server);
    expect(later.epoch()).not.toBe(before);
    expect(later.head()).toBe(0);
  });

  it('that nobody lived through, where Redis is trusted: old cursors resume', async () => {
    const server = await redis('every-write');
    const one = await instance(server, { restart: 'trust' });
    const before = one.epoch();
    await one.bench.publish(one.log, 1, 5);
    await one.log.close();
    await server.stop('SIGKILL');
    await server.start();
    const later = await instance(server, { restart: 'trust' });
    expect(later.epoch()).toBe(before);
    expect(await numbers(later.log, 2)).toEqual([3, 4, 5]);
  });

  it('under the policy `new-epoch`: a new epoch although nothing was lost', async () => {
    const server = await redis('every-write');
    const one = await instance(server, { restart: 'new-epoch' });
    const before = one.epoch();
    await one.bench.publish(one.log, 1, 5);
    await server.stop();
    await server.start();
    await eventually('changed', () => one.epoch() !== before);
  });

  it('that takes a while to load its data: the instances wait, and go on by themselves', async () => {
    const slowly = ['--key-load-delay', '10000', '--loading-process-events-interval-bytes', '1024'];
    const server = await redis('snapshot', slowly);
    const one = await instance(server, { restart: 'trust' });
    const epoch = one.epoch();
    await one.bench.publish(one.log, 1, 5);
    for (let n = 0; n < 150; n++) await command(server, 'SET', `k${n}`, 'x'.repeat(100));
    await server.stop();
    await server.start();
    await one.bench.publish(one.log, 6, 1);
    expect(one.epoch()).toBe(epoch);
    expect(await numbers(one.log)).toEqual(range(1, 6));
  });

  it('fails publishers at once where they do not want to wait, and serves readers from memory', async () => {
    const server = await redis('every-write');
    const one = await instance(server, { publishWaitMs: 0 });
    await one.bench.publish(one.log, 1, 3);
    await server.stop();
    await eventually('the loss is reported', () => one.bench.failures.length > 0);
    // Reported is the first of two connections. What is sent over the other before it is lost too is uncertain, once.
    const append = async () => one.log.append(one.bench.draft(4));
    const refusal = () => append().catch((error: unknown) => error);
    let error = await refusal();
    if (/may or may not/.test(String(error))) error = await refusal();
    expect(error).toMatchObject({
      code: 'ERR_LOG_UNAVAILABLE',
      message: expect.stringMatching(/the event was not stored/),
    });
    expect(await numbers(one.log)).toEqual([1, 2, 3]);
    await server.start();
    await eventually('publishing works again', async () => {
      try {
        await one.log.append(one.bench.draft(4));
        return true;
      } catch {
        return false; // still down or behind the fence
      }
    });
    expect(await numbers(one.log)).toEqual([1, 2, 3, 4]);
  });
});
