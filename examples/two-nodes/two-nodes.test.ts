import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RedisServer, startRedis } from '../../harness/services/redis-server.ts';
import { type ClientFact, connect } from '../../kit/client/node/index.ts';
import { startBalancer } from './balancer.ts';

let redis: RedisServer;
let balancer: Awaited<ReturnType<typeof startBalancer>>;
const children: ChildProcess[] = [];
const cleanups: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  redis = await startRedis();
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
  await redis.dispose();
});

async function startNode() {
  const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'node.ts')], {
    env: { ...process.env, REDIS_URL: redis.url, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return {
    port: Number(line),
    async stop(): Promise<number | null> {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      return (await exited)[0] as number | null;
    },
  };
}

async function publish(port: number, n: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/publish`, {
    method: 'POST',
    body: JSON.stringify({ n }),
    headers: { Connection: 'close' },
  });
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: string }).id;
}

/** Subscribes through the balancer and collects what is handled; `count` resolves when so much was. */
function subscriber() {
  const seen: { id: string | null; n: number }[] = [];
  const facts: ClientFact[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  let opened: () => void = () => undefined;
  const open = new Promise<void>((resolve) => {
    opened = resolve;
  });
  const handle = connect<{ order: { n: number } }>(`http://127.0.0.1:${balancer.port}/stream`, {
    retry: 'aggressive',
    observe: (fact) => facts.push(fact),
    onOpen: () => opened(),
    onEvent(event) {
      seen.push({ id: event.id, n: event.data.n });
      for (const one of waiting) if (seen.length >= one.count) one.resolve();
    },
  });
  cleanups.push(() => handle.close());
  return {
    seen,
    facts,
    open,
    count: (count: number) =>
      new Promise<void>((resolve) => {
        waiting.push({ count, resolve });
        if (seen.length >= count) resolve();
      }),
  };
}

describe('two nodes on one Redis log behind one address', () => {
  it('publish and subscribe anywhere, survive a rolling restart without loss, and share cursors', {
    timeout: 60_000,
  }, async () => {
    let [a, b] = [await startNode(), await startNode()];
    balancer = await startBalancer([a.port, b.port]);
    cleanups.push(() => balancer.close());
    const subscribers = [subscriber(), subscriber(), subscriber(), subscriber()];
    await Promise.all(subscribers.map(({ open }) => open));

    const ids: string[] = [];
    const publishSome = async (count: number, ports: readonly number[]): Promise<void> => {
      for (let i = 0; i < count; i++) {
        const port = ports[i % ports.length] ?? 0;
        ids.push(await publish(port, ids.length + 1));
      }
    };
    await publishSome(20, [a.port, b.port]);

    // Replace one node, then the other, while publishing goes on at the one that stays.
    balancer.targets = [b.port];
    const stoppedA = a.stop();
    await publishSome(20, [b.port]);
    expect(await stoppedA).toBe(0);
    a = await startNode();
    balancer.targets = [a.port];
    const stoppedB = b.stop();
    await publishSome(20, [a.port]);
    expect(await stoppedB).toBe(0);
    b = await startNode();
    balancer.targets = [a.port, b.port];
    await publishSome(20, [a.port, b.port]);

    const epoch = ids[0]?.split('.')[0];
    expect(ids).toEqual(ids.map((_, i) => `${epoch}.${i + 1}`));
    for (const { seen, facts, count } of subscribers) {
      await count(80);
      expect(seen).toEqual(ids.map((id, i) => ({ id, n: i + 1 })));
      expect(facts.filter(({ kind }) => kind === 'gap' || kind === 'cannot-resume')).toEqual([]);
      expect(facts.filter(({ kind }) => kind === 'disconnect').length).toBeGreaterThan(0);
    }

    // A cursor from before all of that, at both of the new nodes.
    for (const { port } of [a, b]) {
      const response = await fetch(`http://127.0.0.1:${port}/stream`, {
        headers: { 'Last-Event-ID': ids[9] ?? '' },
      });
      expect(response.headers.get('stream-resume')).toBe('ok');
      await response.body?.cancel();
    }
  });
});
