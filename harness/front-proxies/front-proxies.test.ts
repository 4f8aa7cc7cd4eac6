import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { haproxyConfig, nginxConfig } from './configs.ts';
import { findProgram } from './find-program.ts';
import { type FrontProxyKind, startFrontProxy } from './front-proxy.ts';

const INPUT = { port: 1234, upstreamPort: 5678, folder: '/tmp/somewhere' };

describe('the configurations', () => {
  it('say nothing about streams but what their kind is about', () => {
    expect(nginxConfig(INPUT, false)).not.toMatch(/gzip|buffering|read_timeout/);
    expect(nginxConfig(INPUT, true)).toContain('gzip_types text/event-stream;');
    expect(haproxyConfig(INPUT, false)).not.toContain('no-delay');
    expect(haproxyConfig(INPUT, true)).toContain('option http-no-delay');
  });

  it('listen on loopback alone, forward to the upstream, and write where they are told', () => {
    for (const text of [nginxConfig(INPUT, false), haproxyConfig(INPUT, false)]) {
      expect(text).toContain('127.0.0.1:1234');
      expect(text).toContain('127.0.0.1:5678');
    }
    expect(nginxConfig(INPUT, false)).toContain('pid /tmp/somewhere/nginx.pid;');
  });
});

describe('the search for a program', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sse-kit-programs-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('finds what can be run, on the path it is given', () => {
    const file = join(folder, 'sse-kit-no-such-program');
    expect(findProgram('sse-kit-no-such-program', folder)).toBe(null);
    writeFileSync(file, '');
    chmodSync(file, 0o755);
    expect(findProgram('sse-kit-no-such-program', `/nowhere::${folder}`)).toBe(file);
  });
});

describe.each<FrontProxyKind>(['nginx', 'nginx-gzip', 'haproxy', 'haproxy-no-delay'])('%s', (kind) => {
  const program = kind.startsWith('nginx') ? 'nginx' : 'haproxy';
  const missing = findProgram(program) === null;
  let upstream: Server;
  beforeEach(async () => {
    upstream = createServer((_request, response) => response.end('from behind')).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
  });
  afterEach(() => upstream.close());

  it.skipIf(missing)(`stands in front of a server until it is stopped (needs ${program})`, async () => {
    const { port } = upstream.address() as AddressInfo;
    const front = await startFrontProxy(kind, port);
    const url = `http://127.0.0.1:${front.port}/`;
    try {
      const response = await fetch(url);
      expect(await response.text()).toBe('from behind');
      expect(response.headers.get(program === 'nginx' ? 'server' : 'via')).toContain(program);
      expect(existsSync(`/proc/${front.pid}`) || process.platform !== 'linux').toBe(true);
    } finally {
      await front.stop();
    }
    await expect(fetch(url)).rejects.toThrow();
  });
});
