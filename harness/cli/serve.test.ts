import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
// The one place where a test of the harness needs a server to run against.
import { demoServers } from '../../fixtures/servers/index.ts';
import { serve } from '../audit/testing/servers.ts';
import type { CliHost } from './index.ts';
import { sse } from './run-here.fixture.ts';

const loadServers = async () => demoServers;

/** Serves, does something with what is printed, and interrupts. */
async function serving(options: string, act: (url: (what: string) => string) => Promise<void>) {
  let interrupt: () => void = () => undefined;
  const interrupted = new Promise<void>((resolve) => {
    interrupt = resolve;
  });
  let printed = '';
  let acted: Promise<void> | undefined;
  const host: Partial<CliHost> = {
    loadServers,
    interrupted: () => interrupted,
    out: (text) => {
      printed += text;
      if (acted) return;
      acted = act((what) => new RegExp(`${what} +(http:\\S+)`).exec(printed)?.[1] ?? '').finally(interrupt);
      acted.catch(() => undefined); // told below, where it is awaited
    },
  };
  const { code, err } = await sse(`serve ${options}`, host);
  await acted;
  return { code, err, printed };
}

describe.each(['express', 'fastify'])('sse-kit serve --server %s', (server) => {
  it('serves a page, a stream with events and metrics, and tells readers when it ends', async () => {
    let read: Promise<string> | undefined;
    const { code, err, printed } = await serving(`--server ${server} --every 50ms`, async (url) => {
      expect(await (await fetch(url('page'))).text()).toContain('<title>SSE stream</title>');
      const response = await fetch(url('stream'));
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      let text = '';
      // Events, and an idle moment between two of them.
      const isEnough = () => text.includes('"number":3') && text.includes('\n: hb ');
      for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
        text += part.value;
        if (isEnough()) break;
      }
      expect(isEnough()).toBe(true);
      expect(await (await fetch(url('metrics'))).text()).toContain('sse_server_');
      read = (async () => {
        let rest = '';
        for (let part = await reader?.read(); part && !part.done; part = await reader?.read())
          rest += part.value;
        return rest;
      })();
    });
    expect(await read).toContain('event: stream.drain');
    expect(printed).toMatch(/sse-kit chaos http:\/\/127\.0\.0\.1:\d+\/stream/);
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });
});

describe('sse-kit serve', () => {
  it('says so when the port is taken', async () => {
    const { port, stop } = await serve(() => undefined);
    const { code, err } = await sse(`serve --port ${port}`, { loadServers });
    stop();
    expect(err).toBe(`error port ${port} is taken: choose another by --port [ERR_USAGE]\n`);
    expect(code).toBe(2);
  });

  it('listens where it is told', async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => probe.once('listening', resolve));
    const { port } = probe.address() as { port: number };
    await new Promise((resolve) => probe.close(resolve));
    const { printed } = await serving(`--port ${port} --every 1h`, async (url) => {
      expect(url('page')).toBe(`http://127.0.0.1:${port}/`);
    });
    expect(printed).toContain('sends an event every 3600 s');
  });

  it('names what is not installed', async () => {
    const [server] = demoServers;
    const poor = async () => (server ? [{ ...server, missingPackages: () => ['prom-client'] }] : []);
    const { code, err } = await sse('serve', { loadServers: poor });
    expect(err).toContain('this needs the package prom-client, which is not installed');
    expect(code).toBe(2);
  });

  it.each([
    ['an unknown framework', 'serve --server koa', 'Allowed choices are express, fastify'],
    ['a pause of nothing', 'serve --every 0s', 'It must be a duration'],
    ['a port that is no number', 'serve --port http', 'whole number'],
    ['a port that there is not', 'serve --port 70000', 'at most 65535'],
  ])('ends with 2 for %s', async (_, args, message) => {
    const { code, err } = await sse(args);
    expect(err).toContain(message);
    expect(code).toBe(2);
  });
});
