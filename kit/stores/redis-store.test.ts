import { describe, expect, it } from 'vitest';
import { startRedis } from '../../harness/services/redis-server.ts';
import type { EventDraft, ReplayLog } from '../server/replay-log.ts';
import { Bench, eventually, rejection } from './log-contract-bench.ts';
import { command, forwarder, instance, redis } from './redis-lab.fixture.ts';
import { createRedisLog, createRedisStore } from './redis-store.ts';

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

  it('lets other streams work while one waits for its replicas, and they wait together', async () => {
    const server = await redis('none', ['--repl-diskless-sync-delay', '0']);
    const replicas = { count: 1, timeoutMs: 60_000 };
    const store = createRedisStore({ url: server.url, replicas });
    const logs = ['a', 'b', 'c'].map((name) => store.log(name));
    const benches = logs.map((log) => new Bench({ create: () => log, dispose: () => undefined }));
    for (const bench of benches) await bench.create();
    const safe = Promise.all(logs.map((log, n) => log.append(benches[n]?.draft(n) as EventDraft)));
    await eventually('all are stored', () => logs.every((log) => log.bounds().head === 1));
    for (const log of logs) await log.refresh();
    const replica = await redis('none', ['--replicaof', '127.0.0.1', String(server.port)]);
    expect((await safe).map(({ seq }) => seq)).toEqual([1, 1, 1]);
    expect(await command(replica, 'EXISTS', 'sse:{a}:log', 'sse:{b}:log', 'sse:{c}:log')).toBe(3);
    // What was cut off while it waited is uncertain; over new connections it works again.
    const clients = String(await command(server, 'CLIENT', 'LIST', 'TYPE', 'NORMAL'));
    for (const [, id = ''] of clients.matchAll(/^id=(\d+)/gm)) {
      await command(server, 'CLIENT', 'KILL', 'ID', id).catch(() => null); // one of them is gone: it asked for the list
    }
    const append = async () => logs[0]?.append(benches[0]?.draft(2) as EventDraft);
    await eventually('it works again', () =>
      append().then(
        () => true,
        () => false,
      ),
    );
    for (const log of logs) await log.close();
    await store.close();
  });

  it.each([
    ['they are too few', 50],
    ['the answer about them is lost', 60_000],
  ])('does not store an event again whose replicas are uncertain because %s', async (_, timeoutMs) => {
    const server = await redis('none');
    const address = await forwarder(server.port);
    const one = await instance(address, { replicas: { count: 1, timeoutMs } });
    const refused = rejection(() => one.log.append(one.bench.draft(1)));
    const length = async () => Number(await command(server, 'XLEN', 'sse:{orders}:log'));
    await eventually('Redis has it', async () => (await length()) === 1);
    if (timeoutMs > 1_000) address.cut();
    expect(await refused).toMatchObject({
      code: 'ERR_LOG_UNAVAILABLE',
      message: expect.stringMatching(/the event was stored, but/),
    });
    expect(await length()).toBe(1);
    await eventually('the reader brings it', () => one.head() === 1);
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
