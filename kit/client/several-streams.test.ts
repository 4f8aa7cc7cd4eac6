import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { nodeHandler } from '../adapters/node-http.ts';
import { parseVector } from '../protocol/vector-cursor.ts';
import { createMemoryLog, createStreamHub, type StreamHubOptions } from '../server/index.ts';
import type { ClientFact, StreamHandle } from './index.ts';
import { connect as connectNode } from './node/index.ts';
import { afterwards } from './scripted.fixture.ts';

describe('a hub with several streams on one connection', () => {
  async function hubServer(options: StreamHubOptions = {}) {
    const hub = createStreamHub({ heartbeatMs: 50, ...options });
    const server = http.createServer(nodeHandler(() => hub.streams(['a', 'b/1'])));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    afterwards(async () => {
      await hub.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return { hub, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
  }

  it('is followed through cuts in mid-stream, in order and once per stream', async () => {
    const { hub, server, url } = await hubServer();
    const facts: ClientFact[] = [];
    const seen: Record<string, number[]> = { '/streams/a': [], '/streams/b%2F1': [] };
    const stream: StreamHandle = connectNode(url, {
      retry: { baseMs: 5, maxMs: 20 },
      observe: (fact) => facts.push(fact),
      onEvent: ({ envelope, data }) => void seen[envelope?.source ?? '']?.push(Number(data)),
    });
    afterwards(() => stream.close());
    await expect.poll(() => stream.state).toBe('open');
    const wanted = Array.from({ length: 60 }, (_, n) => n);
    for (const n of wanted) {
      await hub.stream('a').publish('tick', n);
      if (n % 3 === 0) await hub.stream('b/1').publish('tick', n);
      if (n % 20 === 19) server.closeAllConnections();
      if (n % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await expect
      .poll(() => seen, { timeout: 8000 })
      .toEqual({ '/streams/a': wanted, '/streams/b%2F1': wanted.filter((n) => n % 3 === 0) });
    await expect
      .poll(() => facts.find((fact) => fact.kind === 'heartbeat' && fact.lagEvents === 0), { timeout: 8000 })
      .toBeDefined();
    expect(facts.filter(({ kind }) => kind === 'gap' || kind === 'cannot-resume')).toEqual([]);
    expect(facts.filter(({ kind }) => kind === 'open').length).toBeGreaterThan(1);
    expect(
      parseVector(stream.stats().cursor ?? '')?.map(({ stream: name, position }) => [name, position.seq]),
    ).toEqual([
      ['a', 60],
      ['b/1', 20],
    ]);
  });

  it('announces the loss of one stream and goes on with the other', async () => {
    const { hub, server, url } = await hubServer({ log: () => createMemoryLog({ maxEvents: 3 }) });
    const losses: unknown[] = [];
    const seen: unknown[] = [];
    const stream = connectNode(url, {
      retry: { baseMs: 50, maxMs: 50, jitter: 0 },
      onEvent: ({ data }) => void seen.push(data),
      onCannotResume: ({ stream: of, reason, missed }) => losses.push({ of, reason, missed }),
    });
    afterwards(() => stream.close());
    await expect.poll(() => stream.state).toBe('open');
    await hub.stream('a').publish('tick', 'a0');
    await hub.stream('b/1').publish('tick', 'b0');
    await expect.poll(() => seen.length).toBe(2);
    server.closeAllConnections();
    await expect.poll(() => stream.state).toBe('waiting');
    for (let n = 1; n <= 5; n++) await hub.stream('a').publish('tick', `a${n}`);
    await hub.stream('b/1').publish('tick', 'b1');
    await expect.poll(() => seen.length, { timeout: 8000 }).toBe(6);
    expect(losses).toEqual([{ of: 'a', reason: 'expired', missed: 2 }]);
    expect(seen.slice(2).sort()).toEqual(['a3', 'a4', 'a5', 'b1']);
  });
});
