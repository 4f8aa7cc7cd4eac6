import { describe, expect, it } from 'vitest';
import { eventually, range, readAll } from './log-contract-bench.ts';
import { command, forwarder, instance, numbers, redis, runId, WIDE } from './redis-lab.fixture.ts';

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
