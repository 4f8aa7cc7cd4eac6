import { describe, expect, it } from 'vitest';
import { acquireToxiproxy } from '../acquire.ts';
import { Target } from '../testing/peers.ts';
import { seededRandom } from './random.ts';
import { sliceLengths } from './toxics/slicer.ts';

/** Which of 24 connections a toxicity of one half hits. */
async function rolls(seed: number): Promise<string> {
  const target = await Target.start();
  const server = await acquireToxiproxy({ engine: 'embedded', seed });
  try {
    const proxy = await server.client.createProxy({ upstream: target.address });
    await proxy.addToxic({ type: 'limit_data', attributes: { bytes: 1 }, toxicity: 0.5 });
    let hits = '';
    for (let connection = 0; connection < 24; connection += 1) {
      const { client, server: upstream } = await target.connectThrough(proxy);
      upstream.send('12');
      await client.until('outcome', () => client.ending !== 'open' || client.bytes.length === 2);
      hits += client.ending === 'open' ? '.' : 'x';
    }
    return hits;
  } finally {
    await server.stop();
    await target.stop();
  }
}

describe('chance in the embedded proxy', () => {
  it('repeats with the seed, over real connections', async () => {
    const first = await rolls(11);
    expect(first).toMatch(/x/);
    expect(first).toMatch(/\./);
    expect(await rolls(11)).toBe(first);
    expect(await rolls(12)).not.toBe(first);
  });

  it('is spread evenly for small seeds too', () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const random = seededRandom(seed);
      const values = Array.from({ length: 2000 }, random);
      expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...values)).toBeLessThan(1);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      expect(Math.abs(mean - 0.5)).toBeLessThan(0.05);
    }
  });

  it('slices sum up and stay within the variation', () => {
    const lengths = sliceLengths(10_000, 50, 10, seededRandom(3));
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(10_000);
    for (const length of lengths.slice(0, -1)) {
      expect(length).toBeGreaterThanOrEqual(40);
      expect(length).toBeLessThanOrEqual(60);
    }
    expect(new Set(lengths).size).toBeGreaterThan(5);
  });
});

describe('the embedded proxy', () => {
  it('refuses what would crash the real server', async () => {
    const server = await acquireToxiproxy({ engine: 'embedded' });
    try {
      const proxy = await server.client.createProxy({ upstream: '127.0.0.1:1' });
      const post = (toxic: unknown) =>
        fetch(`${server.url}/proxies/${proxy.name}/toxics`, { method: 'POST', body: JSON.stringify(toxic) });
      const bad = { type: 'slicer', attributes: { average_size: 0 } };
      expect((await post(bad)).status).toBe(400);
      expect((await post({ type: 'bandwidth', attributes: { rate: -1 } })).status).toBe(400);
    } finally {
      await server.stop();
    }
  });

  it('removes a reset_peer toxic at once although its timer runs', async () => {
    const target = await Target.start();
    const server = await acquireToxiproxy({ engine: 'embedded' });
    try {
      const proxy = await server.client.createProxy({ upstream: target.address });
      await proxy.addToxic({ name: 'rst', type: 'reset_peer', attributes: { timeout: 60_000 } });
      const { client, server: upstream } = await target.connectThrough(proxy);
      upstream.send('x');
      await expect.poll(() => upstream.socket.bytesWritten).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 50));
      await proxy.removeToxic('rst');
      await client.untilEnded();
      expect(client.ending).toBe('rst');
    } finally {
      await server.stop();
      await target.stop();
    }
  });

  it('stops at once with stalled, delayed and half-closed connections, and keeps nothing alive', async () => {
    const target = await Target.start();
    const server = await acquireToxiproxy({ engine: 'embedded' });
    const proxy = await server.client.createProxy({ upstream: target.address });
    await proxy.addToxic({ type: 'latency', attributes: { latency: 600_000 } });
    await proxy.addToxic({ type: 'bandwidth', stream: 'upstream', attributes: { rate: 0 } });
    const pair = await target.connectThrough(proxy);
    pair.client.send('stalled');
    pair.server.send('delayed');
    pair.server.socket.end();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const during = timers();
    await server.stop();
    await pair.client.untilEnded();
    expect(timers()).toBeLessThan(during);
    await target.stop();
  });
});
