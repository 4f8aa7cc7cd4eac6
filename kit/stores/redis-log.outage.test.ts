import { describe, expect, it } from 'vitest';
import { createEventStream } from '../server/index.ts';
import { isWithin } from '../server/resume.ts';
import { connect } from '../server/testing/fake-request.ts';
import { eventually, range } from './log-contract-bench.ts';
import { cleanups, command, forwarder, instance, numbers, redis, WIDE } from './redis-lab.fixture.ts';
import { createRedisLog } from './redis-store.ts';

describe('an uncertain connection', () => {
  it('does not store an event twice when the answer was lost', async () => {
    const server = await redis('none');
    const address = await forwarder(server.port);
    const one = await instance(address);
    await one.bench.publish(one.log, 1, 2);
    address.mute = true;
    const uncertain = one.log.append(one.bench.draft(3));
    await eventually(
      'Redis has it',
      async () => Number(await command(server, 'XLEN', 'sse:{orders}:log')) === 3,
    );
    address.mute = false;
    address.cut();
    expect((await uncertain).seq).toBe(3);
    await one.bench.publish(one.log, 4, 1);
    expect(await numbers(one.log)).toEqual([1, 2, 3, 4]);
  });

  it('does not store it twice either when others have published so much since that it was trimmed', async () => {
    const server = await redis('none');
    const address = await forwarder(server.port);
    const [one, two] = [await instance(address, { maxEvents: 5 }), await instance(server, { maxEvents: 5 })];
    address.mute = true;
    const uncertain = one.log.append(one.bench.draft(1));
    await eventually('the other has it', () => two.head() === 1);
    await two.bench.publish(two.log, 2, 20);
    address.mute = false;
    address.cut();
    expect((await uncertain).seq).toBe(1);
    await one.bench.publish(one.log, 22, 1);
    expect(await numbers(one.log, 17)).toEqual(range(18, 22));
  });

  it('says that the outcome is unknown when the publisher does not wait', async () => {
    const server = await redis('none');
    const address = await forwarder(server.port);
    const one = await instance(address, { publishWaitMs: 0 });
    address.mute = true;
    const uncertain = Promise.resolve(one.log.append(one.bench.draft(1))).then(
      () => null,
      (error: Error) => error,
    );
    await eventually(
      'Redis has it',
      async () => Number(await command(server, 'XLEN', 'sse:{orders}:log')) === 1,
    );
    address.mute = false;
    address.cut();
    expect(await uncertain).toMatchObject({
      code: 'ERR_LOG_UNAVAILABLE',
      message: expect.stringMatching(/may or may not have been stored/),
    });
    await eventually('the reader brings it', () => one.head() === 1);
  });

  it('catches up with what other instances published meanwhile', async () => {
    const server = await redis('none');
    const address = await forwarder(server.port);
    const [away, there] = [await instance(address), await instance(server)];
    await there.bench.publish(there.log, 1, 3);
    await eventually('seen', () => away.head() === 3);
    address.target = 1; // nobody listens there
    address.cut();
    await there.bench.publish(there.log, 4, 500);
    expect(away.head()).toBe(3);
    address.target = server.port;
    await eventually('caught up', () => away.head() === 503);
    expect(await numbers(away.log)).toEqual(range(1, 503));
  });

  it('tells readers when what they missed was trimmed meanwhile', async () => {
    const server = await redis('none');
    const address = await forwarder(server.port);
    const [away, there] = [
      await instance(address, { maxEvents: 10 }),
      await instance(server, { maxEvents: 10 }),
    ];
    await there.bench.publish(there.log, 1, 3);
    await eventually('seen', () => away.head() === 3);
    address.target = 1;
    address.cut();
    await there.bench.publish(there.log, 4, 30);
    address.target = server.port;
    await eventually('caught up', () => away.head() === 33);
    expect(away.log.bounds().oldest).toBe(24);
    expect(await away.log.read({ epoch: away.epoch(), seq: 3 }, WIDE)).toEqual({ kind: 'gone' });
    expect(await numbers(away.log, 23)).toEqual(range(24, 33));
  });
});

describe('many readers of one place that is no longer in memory', () => {
  it('cost Redis one read', async () => {
    const server = await redis('none');
    const one = await instance(server, { hotBytes: 1 });
    await one.bench.publish(one.log, 1, 100);
    const { epoch } = one.log.bounds();
    const before = one.bench.encoded;
    const reads = await Promise.all(
      Array.from({ length: 50 }, async () => one.log.read({ epoch, seq: 10 }, WIDE)),
    );
    expect(new Set(reads).size).toBe(1);
    expect(one.bench.encoded - before).toBe(90);
  });
});

describe('what others do to Redis', () => {
  it('FLUSHALL: the next publish announces a new epoch on every instance at once', async () => {
    const server = await redis('none');
    const [one, two] = [await instance(server), await instance(server)];
    const before = one.epoch();
    await one.bench.publish(one.log, 1, 5);
    await command(server, 'FLUSHALL');
    await one.bench.publish(one.log, 6, 2);
    await eventually('the other noticed', () => two.epoch() !== before && two.head() === 2);
    expect(two.epoch()).toBe(one.epoch());
    expect(await numbers(two.log)).toEqual([6, 7]);
  });

  it('FLUSHALL on a quiet stream is noticed by the regular check', async () => {
    const server = await redis('none');
    const one = await instance(server, { checkMs: 50 });
    const before = one.epoch();
    await one.bench.publish(one.log, 1, 5);
    await command(server, 'FLUSHALL');
    await eventually('noticed', () => one.epoch() !== before);
  });

  it('SCRIPT FLUSH: publishing goes on', async () => {
    const server = await redis('none');
    const one = await instance(server);
    const epoch = one.epoch();
    await command(server, 'SCRIPT', 'FLUSH');
    await one.bench.publish(one.log, 1, 2);
    expect(one.epoch()).toBe(epoch);
    expect(await numbers(one.log)).toEqual([1, 2]);
  });

  /** Five events were published, and Redis has evicted them: only what describes the log is left. */
  async function evicted() {
    const server = await redis('none');
    const one = await instance(server);
    await one.bench.publish(one.log, 1, 5);
    const epoch = one.epoch();
    await one.log.close();
    await command(server, 'DEL', 'sse:{orders}:log');
    return { server, epoch };
  }

  it('eviction of the events alone: readers are told, numbers go on', async () => {
    const { server, epoch } = await evicted();
    const two = await instance(server);
    expect(two.log.bounds()).toMatchObject({ epoch, head: 5 });
    expect(await two.log.read({ epoch, seq: 2 }, WIDE)).toEqual({ kind: 'gone' });
    expect(await two.log.append(two.bench.draft(6))).toEqual({ epoch, seq: 6 });
  });

  it('eviction of the events alone: a client is told once how many it lost, and goes on', async () => {
    const { server, epoch } = await evicted();
    const stream = createEventStream({ log: createRedisLog({ url: server.url, name: 'orders' }) });
    cleanups.push(() => stream.close());
    const client = await connect(stream, { cursor: `${epoch}.2` });
    const id = await stream.publish('tick', 6);
    await eventually('it goes on', () => client.ids.includes(id));
    expect(client.control('stream.cannot-resume')).toMatchObject([{ from: `${epoch}.5`, missed: 3 }]);
    expect(client.ids).toEqual([`${epoch}.6`]);
  });

  it('eviction of the events under an open log: its bounds say what cannot be read any more', async () => {
    const server = await redis('none');
    const one = await instance(server, { hotBytes: 1 });
    await one.bench.publish(one.log, 1, 20);
    const epoch = one.epoch();
    await command(server, 'DEL', 'sse:{orders}:log');
    expect(await one.log.read({ epoch, seq: 5 }, WIDE)).toEqual({ kind: 'gone' });
    expect(isWithin({ epoch, seq: 5 }, one.log.bounds())).toBe(false);
  });

  it('trimming by another instance: a cursor that is gone is outside of the bounds at once', async () => {
    const server = await redis('none');
    const one = await instance(server, { hotBytes: 1, checkMs: 60_000 });
    const two = await instance(server, { maxAgeMs: 1_000, checkMs: 60_000 });
    await one.bench.publish(one.log, 1, 10);
    two.bench.unixMs += 500;
    one.bench.unixMs += 800;
    await one.bench.publish(one.log, 11, 10);
    await eventually('both have it', () => two.head() === 20);
    const epoch = one.epoch();
    two.bench.unixMs += 1_000;
    await two.log.refresh();
    expect(two.log.bounds()).toMatchObject({ oldest: 11, head: 20 });
    expect(await one.log.read({ epoch, seq: 5 }, WIDE)).toEqual({ kind: 'gone' });
    expect(one.log.bounds()).toMatchObject({ oldest: 11, head: 20 });
    expect(await numbers(one.log, 10)).toEqual(range(11, 20));
  });

  it('a layout of another version is refused with a clear error', async () => {
    const server = await redis('none');
    await command(server, 'HSET', 'sse:{orders}:meta', 'format', '9');
    await expect(instance(server)).rejects.toMatchObject({
      code: 'ERR_LOG_FORMAT',
      message: expect.stringMatching(/holds log format "9"/),
    });
  });
});
