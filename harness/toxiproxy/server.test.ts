import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireToxiproxy, type ToxiproxyIncident, type ToxiproxyServer } from './index.ts';
import { enginesUnderTest } from './testing/engines.ts';
import { dial, pause, Target } from './testing/peers.ts';

describe('calls to a server that does not answer', () => {
  let hung: Server;
  let url: string;
  let silent: boolean;
  let body: string;

  beforeEach(async () => {
    silent = false;
    body = '{"version": "2.12.0"}';
    hung = createServer((_request, response) => {
      if (!silent) response.end(body);
      else response.writeHead(200).write('{"half":'); // headers and half a body: the deadline is over all of it
    });
    hung.listen(0, '127.0.0.1');
    await once(hung, 'listening');
    const address = hung.address();
    url = address && typeof address === 'object' ? `http://127.0.0.1:${address.port}` : '';
  });
  afterEach(async () => {
    hung.closeAllConnections();
    await new Promise((resolve) => hung.close(resolve));
  });

  it('reject at the deadline, body included; a server that is not ours is not restarted', async () => {
    const server = await acquireToxiproxy({ env: { TOXIPROXY_URL: url }, deadlineMs: 150 });
    silent = true;
    const started = performance.now();
    await expect(server.client.createProxy({ upstream: '127.0.0.1:1' })).rejects.toMatchObject({
      code: 'ERR_TOXIPROXY_DEADLINE',
      message: expect.stringContaining('/proxies: no complete answer within 150 ms'),
    });
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(server.incidents).toEqual([]);
    await server.stop();
  });

  it('reject as unreachable when nothing listens', async () => {
    const server = await acquireToxiproxy({ env: { TOXIPROXY_URL: url } });
    hung.closeAllConnections();
    await new Promise((resolve) => hung.close(resolve));
    await expect(server.client.version()).rejects.toMatchObject({ code: 'ERR_TOXIPROXY_UNREACHABLE' });
    await server.stop();
  });
});

const [real] = await enginesUnderTest();
const unavailable = real?.unavailable;
const title = 'a Toxiproxy process of our own';

describe.skipIf(unavailable)(unavailable ? `${title} (${unavailable})` : title, () => {
  const { TOXIPROXY_URL: _notOurs, ...env } = process.env;
  let server: ToxiproxyServer;
  let target: Target;
  let told: ToxiproxyIncident[];

  beforeEach(async () => {
    told = [];
    target = await Target.start();
    server = await acquireToxiproxy({
      engine: 'toxiproxy',
      env,
      onIncident: (incident) => told.push(incident),
    });
  });
  afterEach(async () => {
    await target.stop();
    await server.stop();
  });
  const incidents = (): string[] => server.incidents.map(({ what }) => what);

  /** What the wrapper refuses to send: the server dies at the first chunk that meets this toxic. */
  async function crash(): Promise<void> {
    const elsewhere = await Target.start(); // so that `target` never sees this connection
    const bait = await server.client.createProxy({ name: 'bait', upstream: elsewhere.address });
    const toxic = { type: 'bandwidth', stream: 'upstream', attributes: { rate: -1 } };
    const path = `${server.url}/proxies/bait/toxics`;
    expect((await fetch(path, { method: 'POST', body: JSON.stringify(toxic) })).status).toBe(200);
    const client = await dial(bait);
    client.send('boom');
    await client.untilEnded();
    await elsewhere.stop();
  }

  it('is replaced after a crash, with its proxies at their addresses and their toxics', async () => {
    const proxy = await server.client.createProxy({ upstream: target.address });
    await proxy.addToxic({ name: 'first', type: 'latency', attributes: { latency: 5 } });
    await proxy.addToxic({ name: 'second', type: 'limit_data', attributes: { bytes: 2 }, toxicity: 1 });
    await proxy.patchToxic('first', { attributes: { latency: 7 } });
    const off = await server.client.createProxy({ upstream: target.address });
    await off.disable();
    const [before, offBefore] = [await proxy.state(), await off.state()];
    await crash();
    await expect.poll(incidents, { timeout: 10_000 }).toEqual(['crash', 'restarted']);
    expect(told).toEqual(server.incidents);
    expect(told[0]?.detail).toMatch(/^exit code 2: panic: runtime error: slice bounds/);
    expect([await proxy.state(), await off.state()]).toEqual([before, offBefore]);
    const pair = await target.connectThrough(proxy);
    pair.server.send('1234');
    await pair.client.untilEnded();
    expect(pair.client.text).toBe('12');
  });

  it('makes calls wait for the replacement instead of failing', async () => {
    await crash();
    await expect.poll(incidents).toContain('crash');
    const proxy = await server.client.createProxy({ upstream: target.address });
    expect((await proxy.state()).enabled).toBe(true);
  });

  it('is replaced when a call hangs, and the call says so', async () => {
    await server.stop();
    server = await acquireToxiproxy({ engine: 'toxiproxy', env, deadlineMs: 700 });
    const proxy = await server.client.createProxy({ upstream: target.address });
    await proxy.addToxic({ name: 'rst', type: 'reset_peer', attributes: { timeout: 60_000 } });
    const pair = await target.connectThrough(proxy);
    pair.server.send('x'); // starts the timer, during which the real server cannot remove the toxic
    await pause(100);
    await expect(proxy.removeToxic('rst')).rejects.toMatchObject({
      code: 'ERR_TOXIPROXY_DEADLINE',
      message: expect.stringContaining('restarted: new process'),
    });
    expect(incidents()).toEqual(['deadline', 'restarted']);
    expect(await proxy.toxics()).toEqual([]);
  });

  it('serves two users in parallel who do not see each other', async () => {
    const other = await acquireToxiproxy({ env: { ...env, TOXIPROXY_URL: server.url } });
    const names = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const { client } = index % 2 ? server : other;
        const proxy = await client.createProxy({ upstream: target.address });
        await proxy.addToxic({ type: 'latency', attributes: { latency: index } });
        const [toxic] = await proxy.toxics();
        expect(toxic?.attributes).toEqual({ latency: index, jitter: 0 });
        return proxy.name;
      }),
    );
    await other.stop();
    const left = (await server.client.listProxies()).map(({ name }) => name).sort();
    expect(left).toEqual(names.filter((_, index) => index % 2).sort());
  });

  it('is gone after stop, which may be called twice', async () => {
    const { url } = server;
    await Promise.all([server.stop(), server.stop()]);
    await expect(fetch(`${url}/version`)).rejects.toThrow();
    expect(server.incidents).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')('dies with an owner that is killed', async () => {
    const script = `
      const { acquireToxiproxy } = await import(${JSON.stringify(new URL('./acquire.ts', import.meta.url).href)});
      const server = await acquireToxiproxy({ engine: 'toxiproxy' });
      console.log(server.url);
      setInterval(() => undefined, 1000);`;
    const owner = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      env,
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(owner.stdout, 'data')) as [Buffer];
    const url = line.toString().trim();
    expect((await fetch(`${url}/version`)).status).toBe(200);
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    await expect
      .poll(
        () =>
          fetch(`${url}/version`).then(
            () => 'alive',
            () => 'gone',
          ),
        { timeout: 10_000 },
      )
      .toBe('gone');
  });
});
