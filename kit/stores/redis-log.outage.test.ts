import { createClient } from 'redis';
import { afterEach, describe, expect, it } from 'vitest';
import { type RedisPersistence, type RedisServer, startRedis } from '../../harness/services/redis-server.ts';
import type { ReplayLog } from '../server/replay-log.ts';
import { Bench, eventually, numberOf, range, readAll } from './log-contract-bench.ts';
import { createRedisLog, createRedisStore, type RedisLogOptions } from './redis-store.ts';
import { type Forwarder, startForwarder } from './tcp-forwarder.fixture.ts';

const cleanups: (() => Promise<void>)[] = [];
const WIDE = { maxEvents: 1_000, maxBytes: 1 << 20 };

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function redis(persistence: RedisPersistence, extra?: readonly string[]): Promise<RedisServer> {
  const server = await startRedis(persistence, extra);
  cleanups.push(() => server.dispose());
  return server;
}

async function forwarder(target: number): Promise<Forwarder> {
  const made = await startForwarder(target);
  cleanups.push(() => made.close());
  return made;
}

async function instance(server: { port: number }, options: Partial<RedisLogOptions> = {}) {
  const log = createRedisLog({
    url: `redis://127.0.0.1:${server.port}`,
    name: 'orders',
    fenceMs: 600,
    publishWaitMs: 20_000,
    ...options,
  });
  const bench = new Bench({ create: () => log, dispose: () => undefined });
  cleanups.push(async () => {
    await log.close();
  });
  await bench.create();
  return { log, bench, epoch: () => log.bounds().epoch, head: () => log.bounds().head };
}

async function command(server: { port: number }, ...args: string[]): Promise<unknown> {
  const client = createClient({ url: `redis://127.0.0.1:${server.port}`, RESP: 2 });
  await client.connect();
  try {
    return await client.sendCommand(args);
  } finally {
    client.destroy();
  }
}

async function runId(server: { port: number }): Promise<string> {
  return /run_id:(\S+)/.exec(String(await command(server, 'INFO', 'server')))?.[1] ?? '';
}

async function numbers(log: ReplayLog, afterSeq = 0): Promise<number[]> {
  return (await readAll(log, { epoch: log.bounds().epoch, seq: afterSeq })).map(numberOf);
}

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

  it('fails publishers at once where they do not want to wait, and serves readers from memory', async () => {
    const server = await redis('every-write');
    const one = await instance(server, { publishWaitMs: 0 });
    await one.bench.publish(one.log, 1, 3);
    await server.stop();
    await eventually('the loss is reported', () => one.bench.failures.length > 0);
    await expect(one.log.append(one.bench.draft(4))).rejects.toMatchObject({
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

describe('a failover', () => {
  async function pair() {
    const primary = await redis('none', ['--repl-diskless-sync-delay', '0']);
    const link = await forwarder(primary.port);
    const replica = await redis('none', ['--replicaof', '127.0.0.1', String(link.port)]);
    await eventually('the replica is in sync', async () =>
      String(await command(replica, 'INFO', 'replication')).includes('master_link_status:up'),
    );
    const address = await forwarder(primary.port);
    return {
      primary,
      replica,
      link,
      address,
      async failOver() {
        await primary.stop('SIGKILL');
        await command(replica, 'REPLICAOF', 'NO', 'ONE');
        address.target = replica.port;
        address.cut();
      },
    };
  }

  it('to a replica that has everything goes on under the same epoch', async () => {
    const { primary, replica, address, failOver } = await pair();
    const one = await instance(address);
    const epoch = one.epoch();
    await one.bench.publish(one.log, 1, 8);
    await eventually('replicated', async () => {
      const offset = /master_repl_offset:(\d+)/;
      const [a, b] = [
        await command(primary, 'INFO', 'replication'),
        await command(replica, 'INFO', 'replication'),
      ];
      return offset.exec(String(a))?.[1] === offset.exec(String(b))?.[1];
    });
    await failOver();
    await one.bench.publish(one.log, 9, 2);
    expect(one.epoch()).toBe(epoch);
    expect(await numbers(one.log)).toEqual(range(1, 10));
  });

  it('to a replica that lags is announced: acknowledged events are lost, the epoch changes', async () => {
    const { replica, link, address, failOver } = await pair();
    const one = await instance(address);
    const epoch = one.epoch();
    await one.bench.publish(one.log, 1, 3);
    await eventually(
      'the replica has three',
      async () => Number(await command(replica, 'XLEN', 'sse:{orders}:log')) === 3,
    );
    link.target = 1; // nobody listens there: the replica hears no more
    link.cut();
    await one.bench.publish(one.log, 4, 3);
    await failOver();
    await one.bench.publish(one.log, 7, 1);
    expect(one.epoch()).not.toBe(epoch);
    expect(await numbers(one.log)).toEqual([7]);
    expect(await one.log.read({ epoch, seq: 2 }, WIDE)).toEqual({ kind: 'gone' });
  });

  it('that this instance slept through is noticed: what it last saw is not what is there now', async () => {
    const { replica, link, address, failOver } = await pair();
    const mine = await forwarder(address.port);
    const [one, two] = [await instance(mine), await instance(address)];
    const epoch = one.epoch();
    await two.bench.publish(two.log, 1, 3);
    await eventually(
      'the replica has three',
      async () => Number(await command(replica, 'XLEN', 'sse:{orders}:log')) === 3,
    );
    link.target = 1;
    link.cut();
    await one.bench.publish(one.log, 4, 1);
    mine.target = 1; // this instance is away while the other vouches, without having seen the fourth event …
    mine.cut();
    await two.log.close();
    await failOver();
    await command(replica, 'HSET', 'sse:{orders}:meta', 'fence', '0', 'run', await runId(replica));
    const three = await instance(address);
    await three.bench.publish(three.log, 100, 1); // … and its number is taken by another event
    expect(three.log.bounds()).toMatchObject({ epoch, head: 4 });
    mine.target = address.port;
    await eventually('noticed', () => one.epoch() !== epoch && three.epoch() === one.epoch());
  });

  it('is answered by two instances with one epoch and the same positions', async () => {
    const { address, failOver } = await pair();
    const [one, two] = [await instance(address), await instance(address)];
    await Promise.all([one.bench.publish(one.log, 1, 20), two.bench.publish(two.log, 101, 20)]);
    await failOver();
    await Promise.all([one.bench.publish(one.log, 21, 5), two.bench.publish(two.log, 121, 5)]);
    await eventually('both agree', () => one.epoch() === two.epoch() && one.head() === two.head());
    const [a, b] = [one, two].map(({ log }) =>
      readAll(log, { epoch: log.bounds().epoch, seq: log.bounds().oldest - 1 }),
    );
    expect(await a).toEqual(await b);
  });
});

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

  it('eviction of the events alone: readers are told, numbers go on', async () => {
    const server = await redis('none');
    const one = await instance(server);
    await one.bench.publish(one.log, 1, 5);
    const epoch = one.epoch();
    await one.log.close();
    await command(server, 'DEL', 'sse:{orders}:log');
    const two = await instance(server);
    expect(two.log.bounds()).toMatchObject({ epoch, head: 5 });
    expect(await two.log.read({ epoch, seq: 2 }, WIDE)).toEqual({ kind: 'gone' });
    expect(await two.log.append(two.bench.draft(6))).toEqual({ epoch, seq: 6 });
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

describe('a Redis store', () => {
  it('keeps two connections, however many streams it has', async () => {
    const server = await redis('none');
    const store = createRedisStore({ url: server.url });
    const logs = Array.from({ length: 30 }, (_, i) => store.log(`s${i}`));
    const benches = logs.map((log) => new Bench({ create: () => log, dispose: () => undefined }));
    await Promise.all(benches.map((bench) => bench.create()));
    const clients = String(await command(server, 'CLIENT', 'LIST'))
      .trim()
      .split('\n');
    expect(clients).toHaveLength(2 + 1);
    const other = await instance(server, { name: 's17' });
    await other.bench.publish(other.log, 1, 4);
    await eventually('the news arrive', () => logs[17]?.bounds().head === 4);
    expect(logs.map((log) => log.bounds().head).filter((head) => head > 0)).toEqual([4]);
    for (const log of logs) await log.close();
    await store.close();
  });

  it('refuses a name that is open, and an address that does not answer', async () => {
    const server = await redis('none');
    const store = createRedisStore({ url: server.url });
    const open = (log: ReplayLog) => new Bench({ create: () => log, dispose: () => undefined }).create();
    const first = await open(store.log('a'));
    await expect(open(store.log('a'))).rejects.toMatchObject({ code: 'ERR_LOG_IN_USE' });
    await first.close();
    await store.close();
    await server.stop();
    const nobody = createRedisLog({ url: server.url, name: 'a', connectMs: 300 });
    await expect(open(nobody)).rejects.toMatchObject({ code: 'ERR_LOG_UNAVAILABLE' });
  });

  it('says so when too few replicas have an event', async () => {
    const server = await redis('none');
    const one = await instance(server, { replicas: { count: 1, timeoutMs: 50 } });
    await expect(one.log.append(one.bench.draft(1))).rejects.toMatchObject({
      code: 'ERR_LOG_UNAVAILABLE',
      cause: expect.objectContaining({ message: expect.stringMatching(/only 0 of 1 replicas/) }),
    });
  });

  it.each([{ publishWaitMs: -1 }, { fenceMs: Number.NaN }, { restart: 'hope' as 'trust' }])(
    'refuses %j',
    (options) => {
      expect(() => createRedisStore(options)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_OPTION' }),
      );
    },
  );
});

describe('the test helper', () => {
  it('fails with a hint where Redis is not installed', async () => {
    const path = process.env.PATH;
    process.env.PATH = '/nowhere';
    try {
      await expect(startRedis()).rejects.toThrow(/redis-server is not installed: run `npm run setup`/);
    } finally {
      process.env.PATH = path;
    }
  });
});
