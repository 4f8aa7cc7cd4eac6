import { createClient } from 'redis';
import { afterEach } from 'vitest';
import { type RedisPersistence, type RedisServer, startRedis } from '../../harness/services/redis-server.ts';
import type { ReplayLog } from '../server/replay-log.ts';
import { Bench, numberOf, readAll } from './log-contract-bench.ts';
import { createRedisLog, type RedisLogOptions } from './redis-store.ts';
import { type Forwarder, startForwarder } from './tcp-forwarder.fixture.ts';

/** Servers, forwarders and instances of a test; all of them end with it. */
export const cleanups: (() => Promise<void>)[] = [];
/** A read that is not cut short. */
export const WIDE = { maxEvents: 1_000, maxBytes: 1 << 20 };

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export async function redis(persistence: RedisPersistence, extra?: readonly string[]): Promise<RedisServer> {
  const server = await startRedis(persistence, extra);
  cleanups.push(() => server.dispose());
  return server;
}

export async function forwarder(target: number): Promise<Forwarder> {
  const made = await startForwarder(target);
  cleanups.push(() => made.close());
  return made;
}

export async function instance(server: { port: number }, options: Partial<RedisLogOptions> = {}) {
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

export async function command(server: { port: number }, ...args: string[]): Promise<unknown> {
  const client = createClient({ url: `redis://127.0.0.1:${server.port}`, RESP: 2 });
  await client.connect();
  try {
    return await client.sendCommand(args);
  } finally {
    client.destroy();
  }
}

export async function runId(server: { port: number }): Promise<string> {
  return /run_id:(\S+)/.exec(String(await command(server, 'INFO', 'server')))?.[1] ?? '';
}

export async function numbers(log: ReplayLog, afterSeq = 0): Promise<number[]> {
  return (await readAll(log, { epoch: log.bounds().epoch, seq: afterSeq })).map(numberOf);
}
