import { describe, expect, it } from 'vitest';
import { acquireToxiproxy } from './acquire.ts';
import { networkOfService } from './docker.ts';
import { startEmbeddedToxiproxy } from './embedded/index.ts';
import { ToxiproxyError } from './errors.ts';
import type { ToxiproxySource } from './server.ts';
import { type Probes, waysToToxiproxy } from './ways.ts';

const HOST_NETWORK = JSON.stringify({ services: { toxiproxy: { network_mode: 'host' } } });

/** A machine on which exactly the named ways are open. */
function machine(open: readonly string[]): { probes: Partial<Probes>; commands: string[] } {
  const commands: string[] = [];
  const engine = { url: 'http://127.0.0.1:1', stop: () => Promise.resolve() };
  const closed = (what: string) => new ToxiproxyError('ERR_TOXIPROXY_INSTALL', `no ${what}`);
  return {
    commands,
    probes: {
      findOnPath: async () => (open.includes('path') ? '/bin/toxiproxy-server' : undefined),
      isExecutable: async () => open.includes('cache'),
      composeFile: () => '/project/docker-compose.yml',
      run: async (_command, args) => {
        const verb = args[3] ?? '';
        commands.push(verb);
        const daemon = open.includes('running-docker') || open.includes('docker-up');
        if (!daemon) return { code: 1, stdout: '', stderr: 'Cannot connect to the Docker daemon\nmore' };
        if (verb === 'config') return { code: 0, stdout: HOST_NETWORK, stderr: '' };
        if (verb === 'ps') {
          return { code: 0, stdout: open.includes('running-docker') ? 'f00d\n' : '', stderr: '' };
        }
        return { code: 0, stdout: '', stderr: '' };
      },
      install: async ({ ways } = {}) => {
        const [source = 'release'] = ways ?? [];
        if (!open.includes(source)) throw closed(source);
        return { binary: `/cache/${source}`, source };
      },
      startBinary: async () => engine,
      startEmbedded: async () => ({ ...engine, seed: 7 }),
    },
  };
}

async function first(open: readonly string[], env: NodeJS.ProcessEnv = {}, install = true) {
  const { probes, commands } = machine(open);
  const skipped: ToxiproxySource[] = [];
  for (const way of waysToToxiproxy({ env, probes, install })) {
    const result = await way.open();
    if ('engine' in result) return { result, skipped, commands };
    skipped.push(way.source);
  }
  throw new Error('no way open');
}

describe('the order in which a Toxiproxy is found', () => {
  const order = ['path', 'cache', 'running-docker', 'go-install', 'release', 'docker-up'];
  const sources = ['path', 'cache', 'docker', 'go-install', 'release', 'docker'];

  it.each(order.map((way, index) => [way, index] as const))(
    '%s comes before what follows it',
    async (_way, index) => {
      const { result } = await first(order.slice(index));
      expect(result.source).toBe(sources[index]);
    },
  );

  it('TOXIPROXY_URL comes before everything', async () => {
    const { result } = await first(order, { TOXIPROXY_URL: 'http://elsewhere:8474/' });
    expect([result.source, result.engine.url]).toEqual(['TOXIPROXY_URL', 'http://elsewhere:8474']);
  });

  it('the embedded proxy is last, with a reason for every closed way', async () => {
    const { result, skipped } = await first([]);
    expect(result.source).toBe('embedded');
    expect(skipped).toEqual(['TOXIPROXY_URL', 'path', 'cache', 'docker', 'go-install', 'release', 'docker']);
  });

  it('a binary that does not start closes its way only', async () => {
    const { probes } = machine(['path', 'cache']);
    let starts = 0;
    const startBinary: Probes['startBinary'] = async (binary) => {
      starts += 1;
      if (starts === 1) throw new ToxiproxyError('ERR_TOXIPROXY_START', `${binary} is for another machine`);
      return { url: 'http://127.0.0.1:1', stop: () => Promise.resolve() };
    };
    const [, path, cache] = waysToToxiproxy({ env: {}, probes: { ...probes, startBinary } });
    expect(await path?.open()).toEqual({ why: '/bin/toxiproxy-server is for another machine' });
    expect(await cache?.open()).toMatchObject({ source: 'cache', builtFrom: '2.12.0' });
  });

  it('installs and starts nothing when told not to', async () => {
    const { result, commands } = await first(['go-install', 'release', 'docker-up'], {}, false);
    expect(result.source).toBe('embedded');
    expect(commands).not.toContain('up');
  });

  it('ends a compose service only if it started it', async () => {
    const started = await first(['docker-up']);
    await started.result.engine.stop();
    expect(started.commands.at(-1)).toBe('rm');
    const running = await first(['running-docker']);
    await running.result.engine.stop();
    expect(running.commands).not.toContain('rm');
  });
});

describe('acquireToxiproxy', () => {
  const env = { PATH: '', SSE_KIT_CACHE_DIR: '/nonexistent' };

  it('says plainly that the embedded proxy stood in, and why', async () => {
    const { startEmbedded: _real, ...probes } = machine([]).probes;
    const server = await acquireToxiproxy({ env, probes, seed: 42 });
    try {
      expect([server.engine, server.source]).toEqual(['embedded', 'embedded']);
      expect(server.describe()).toMatch(/embedded proxy \(not the real Toxiproxy\) 2\.12\.0.*seed 42/);
      expect(server.describe()).toContain('docker: docker compose: Cannot connect to the Docker daemon');
    } finally {
      await server.stop();
    }
  });

  it('fails with every reason when the real one is demanded and cannot be had', async () => {
    const failed = acquireToxiproxy({ env, probes: machine([]).probes, engine: 'toxiproxy' });
    await expect(failed).rejects.toMatchObject({
      code: 'ERR_TOXIPROXY_UNAVAILABLE',
      message: expect.stringMatching(/path: no toxiproxy-server[\s\S]*release: no release/),
    });
  });

  it('uses the server of TOXIPROXY_URL and leaves it running, without its own proxies', async () => {
    const running = await startEmbeddedToxiproxy();
    const url = { TOXIPROXY_URL: running.url };
    try {
      const one = await acquireToxiproxy({ env: url });
      const two = await acquireToxiproxy({ env: url });
      await one.client.createProxy({ name: 'mine', upstream: '127.0.0.1:1' });
      await two.client.createProxy({ name: 'theirs', upstream: '127.0.0.1:1' });
      await one.stop();
      expect((await two.client.listProxies()).map(({ name }) => name)).toEqual(['theirs']);
      expect(two.describe()).toContain('given by TOXIPROXY_URL');
      await expect(one.client.version()).rejects.toMatchObject({ code: 'ERR_TOXIPROXY_STOPPED' });
      await two.stop();
    } finally {
      await running.stop();
    }
  });

  it('does not pass over a TOXIPROXY_URL that does not answer', async () => {
    const failed = acquireToxiproxy({ env: { TOXIPROXY_URL: 'http://127.0.0.1:1' } });
    await expect(failed).rejects.toMatchObject({ code: 'ERR_TOXIPROXY_UNREACHABLE' });
  });

  it('refuses a TOXIPROXY_URL that is none', async () => {
    for (const url of ['garbage', 'localhost:8474', 'ftp://localhost']) {
      const failed = acquireToxiproxy({ env: { TOXIPROXY_URL: url } });
      await expect(failed, url).rejects.toMatchObject({ code: 'ERR_TOXIPROXY_INVALID' });
    }
  });

  it('refuses an unknown SSE_KIT_TOXIPROXY', async () => {
    const failed = acquireToxiproxy({ env: { SSE_KIT_TOXIPROXY: 'reel' } });
    await expect(failed).rejects.toMatchObject({ code: 'ERR_TOXIPROXY_INVALID' });
  });
});

describe('the network of a compose service', () => {
  it('is the host itself with host networking', () => {
    expect(networkOfService(JSON.parse(HOST_NETWORK))).toEqual({ url: 'http://127.0.0.1:8474', network: {} });
  });

  it('is its published ports otherwise', () => {
    const ports = [8474, 20_000, 20_001].map((port) => ({ target: port, published: String(port) }));
    expect(networkOfService({ services: { toxiproxy: { ports } } })).toEqual({
      url: 'http://127.0.0.1:8474',
      network: {
        listenHost: '0.0.0.0',
        listenPorts: [20_000, 20_001],
        publicHost: '127.0.0.1',
        upstreamHost: 'host.docker.internal',
      },
    });
    expect(networkOfService({ services: { toxiproxy: { ports: ports.slice(0, 1) } } })).toBeUndefined();
    expect(networkOfService({ services: {} })).toBeUndefined();
  });
});
