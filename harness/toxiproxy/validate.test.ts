import { describe, expect, it } from 'vitest';
import { startEmbeddedToxiproxy } from './embedded/index.ts';
import { acquireToxiproxy } from './index.ts';
import { readProxyMetrics } from './metrics.ts';
import { mapUpstream, networkFromEnv, splitAddress } from './network.ts';
import type { ToxicSpec } from './toxic-types.ts';
import { assertName, assertPatch, assertToxic } from './validate.ts';

describe('validation before sending', () => {
  it.each<[string, unknown, RegExp]>([
    ['negative bandwidth (crashes the server)', { type: 'bandwidth', attributes: { rate: -1 } }, /rate.*-1/],
    [
      'slicer of size 0 (crashes the server)',
      { type: 'slicer', attributes: { average_size: 0 } },
      /average_size.*0/,
    ],
    [
      'slices that vary more than their size',
      { type: 'slicer', attributes: { average_size: 5, size_variation: 5 } },
      /below/,
    ],
    ['a fraction', { type: 'latency', attributes: { latency: 1.5 } }, /1\.5/],
    ['NaN', { type: 'latency', attributes: { latency: Number.NaN } }, /NaN/],
    ['a timer beyond 2^31', { type: 'timeout', attributes: { timeout: 2 ** 31 } }, /2147483648/],
    [
      'an attribute of another toxic',
      { type: 'latency', attributes: { latency: 1, delay: 1 } },
      /no attribute "delay"/,
    ],
    ['a missing attribute', { type: 'limit_data', attributes: {} }, /needs the attribute bytes/],
    ['no attributes at all', { type: 'limit_data' }, /needs the attribute bytes/],
    ['an unknown type', { type: 'down', attributes: {} }, /unknown toxic type "down"/],
    ['a name of the prototype', { type: 'toString', attributes: {} }, /unknown toxic type/],
    ['an unknown stream', { type: 'latency', stream: 'both', attributes: { latency: 1 } }, /"both"/],
    ['a toxicity above 1', { type: 'latency', toxicity: 50, attributes: { latency: 1 } }, /toxicity.*50/],
    ['a name that is a path', { type: 'latency', name: 'a/b', attributes: { latency: 1 } }, /"a\/b"/],
  ])('refuses %s', (_what, toxic, message) => {
    const check = () => assertToxic(toxic as ToxicSpec);
    expect(check).toThrow(message);
    expect(check).toThrow(expect.objectContaining({ code: 'ERR_TOXIPROXY_INVALID' }));
  });

  it('accepts the edges', () => {
    assertToxic({ type: 'bandwidth', attributes: { rate: 0 } });
    assertToxic({ type: 'slicer', attributes: { average_size: 1, size_variation: 0, delay: 0 } });
    assertToxic({ type: 'latency', attributes: { latency: 2 ** 31 - 1 }, toxicity: 0 });
    assertName('proxy', 'order~1.eu_west-2');
    expect(() => assertName('proxy', '')).toThrow(/""/);
  });

  it('checks a patch against what the toxic already has', () => {
    const slicer = { average_size: 10, size_variation: 5, delay: 0 };
    assertPatch('slicer', slicer, { attributes: { delay: 100 } });
    expect(() => assertPatch('slicer', slicer, { attributes: { average_size: 5 } })).toThrow(/below/);
    expect(() => assertPatch('slicer', slicer, { toxicity: -0.1 })).toThrow(/-0\.1/);
  });

  it('stops a bad toxic and a bad patch before they reach the server', async () => {
    const running = await startEmbeddedToxiproxy();
    const server = await acquireToxiproxy({ env: { TOXIPROXY_URL: running.url } });
    try {
      const proxy = await server.client.createProxy({ upstream: '127.0.0.1:1' });
      const bad: ToxicSpec = { type: 'bandwidth', attributes: { rate: -1 } };
      await expect(proxy.addToxic(bad)).rejects.toMatchObject({ code: 'ERR_TOXIPROXY_INVALID' });
      expect(await proxy.toxics()).toEqual([]);
      const { name } = await proxy.addToxic({ type: 'bandwidth', attributes: { rate: 1 } });
      const patch = { attributes: { rate: -1 } };
      await expect(proxy.patchToxic(name, patch)).rejects.toMatchObject({ code: 'ERR_TOXIPROXY_INVALID' });
      await expect(proxy.patchToxic('none', {})).rejects.toMatchObject({ code: 'ERR_TOXIPROXY_NOT_FOUND' });
      await expect(server.client.createProxy({ upstream: 'nowhere' })).rejects.toThrow(/host:port.*nowhere/);
      const twice = server.client.createProxy({ name: proxy.name, upstream: '127.0.0.1:1' });
      await expect(twice).rejects.toMatchObject({
        code: 'ERR_TOXIPROXY_EXISTS',
        status: 409,
        message: expect.stringContaining('proxy already exists'),
      });
    } finally {
      await server.stop();
      await running.stop();
    }
  });
});

describe('the network between harness and Toxiproxy', () => {
  it('comes from the environment', () => {
    const env = { TOXIPROXY_LISTEN_HOST: '0.0.0.0', TOXIPROXY_LISTEN_PORTS: '20000-20003' };
    expect(networkFromEnv(env)).toMatchObject({ listenHost: '0.0.0.0', listenPorts: [20_000, 20_003] });
    expect(() => networkFromEnv({ TOXIPROXY_LISTEN_PORTS: '9-1' })).toThrow(/"9-1"/);
    expect(() => networkFromEnv({ TOXIPROXY_LISTEN_PORTS: 'all' })).toThrow(/"all"/);
  });

  it('maps loopback upstreams and nothing else', () => {
    const network = { upstreamHost: 'host.docker.internal' };
    expect(mapUpstream('127.0.0.1:80', network)).toBe('host.docker.internal:80');
    expect(mapUpstream('[::1]:80', network)).toBe('host.docker.internal:80');
    expect(mapUpstream('127.0.0.1.example.org:80', network)).toBe('127.0.0.1.example.org:80');
    expect(mapUpstream('127.0.0.1:80', {})).toBe('127.0.0.1:80');
  });

  it('gives proxies the published ports, one after the other, until none is left', async () => {
    const running = await startEmbeddedToxiproxy();
    const probe = await acquireToxiproxy({ env: { TOXIPROXY_URL: running.url } });
    const first = await probe.client.createProxy({ upstream: '127.0.0.1:1' });
    const network = { listenPorts: [first.port, first.port] } as const;
    const narrow = await acquireToxiproxy({ env: { TOXIPROXY_URL: running.url }, network });
    try {
      const full = narrow.client.createProxy({ upstream: '127.0.0.1:1' });
      await expect(full).rejects.toMatchObject({ code: 'ERR_TOXIPROXY_UNAVAILABLE' });
      await first.remove();
      expect((await narrow.client.createProxy({ upstream: '127.0.0.1:1' })).port).toBe(first.port);
    } finally {
      await narrow.stop();
      await probe.stop();
      await running.stop();
    }
  });

  it('reads addresses of both families', () => {
    expect(splitAddress('[::1]:80')).toEqual({ host: '::1', port: 80 });
    expect(splitAddress(':80')).toEqual({ host: '', port: 80 });
    for (const bad of ['80', 'host', 'a:99999', '::1:80'])
      expect(() => splitAddress(bad)).toThrow(/host:port/);
  });
});

describe('byte counters', () => {
  it('are those of one proxy, summed over its addresses', () => {
    const line = (counter: string, direction: string, proxy: string, listener: string, value: string) =>
      `toxiproxy_proxy_${counter}_bytes_total{direction="${direction}",listener="${listener}",proxy="${proxy}",upstream="u"} ${value}`;
    const exposition = [
      '# TYPE toxiproxy_proxy_received_bytes_total counter',
      line('received', 'downstream', 'a', 'x', '1.5e+06'),
      line('received', 'downstream', 'a', 'y', '10'),
      line('sent', 'downstream', 'a', 'x', '7'),
      line('sent', 'upstream', 'b', 'x', '99'),
    ].join('\n');
    expect(readProxyMetrics(exposition, 'a')).toEqual({
      upstream: { receivedBytes: 0, sentBytes: 0 },
      downstream: { receivedBytes: 1_500_010, sentBytes: 7 },
    });
  });
});
