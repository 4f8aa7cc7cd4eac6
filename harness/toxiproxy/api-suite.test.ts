import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { acquireToxiproxy, type ToxiproxyServer } from './index.ts';
import { enginesUnderTest } from './testing/engines.ts';

interface Reply {
  readonly status: number;
  readonly type: string | null;
  readonly body: unknown;
}

const someProxy = { name: 'demo', listen: '127.0.0.1:0', upstream: '127.0.0.1:1' };

for (const { engine, unavailable } of await enginesUnderTest()) {
  const name = `HTTP API of the ${engine === 'toxiproxy' ? 'real Toxiproxy' : 'embedded proxy'}`;
  describe.skipIf(unavailable)(unavailable ? `${name} (${unavailable})` : name, () => {
    let server: ToxiproxyServer;

    beforeAll(async () => {
      // An own one: these tests use plain names and /reset, which would disturb others.
      const { TOXIPROXY_URL: _shared, ...env } = process.env;
      server = await acquireToxiproxy({ engine, env });
    });
    afterAll(() => server.stop());
    afterEach(async () => {
      for (const proxy of await server.client.listProxies()) await call('DELETE', `/proxies/${proxy.name}`);
    });

    async function call(
      method: string,
      path: string,
      body?: unknown,
      headers: Record<string, string> = {},
    ): Promise<Reply> {
      const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
      const response = await fetch(`${server.url}${path}`, {
        method,
        headers,
        ...(text === undefined ? {} : { body: text }),
      });
      const answer = await response.text();
      return {
        status: response.status,
        type: response.headers.get('content-type'),
        body: /^[[{]/.test(answer) ? JSON.parse(answer) : answer,
      };
    }
    const addToxic = (toxic: unknown): Promise<Reply> => call('POST', '/proxies/demo/toxics', toxic);

    it('creates a proxy on a free port and names it', async () => {
      const created = await call('POST', '/proxies', someProxy);
      expect(created).toMatchObject({
        status: 201,
        type: 'application/json',
        body: { name: 'demo', upstream: '127.0.0.1:1', enabled: true, toxics: [] },
      });
      const shown = await call('GET', '/proxies/demo');
      expect(shown.body).toEqual(created.body);
      expect(shown.body).toMatchObject({ listen: expect.stringMatching(/^127\.0\.0\.1:[1-9]\d*$/) });
      expect((await call('GET', '/proxies')).body).toEqual({ demo: created.body });
      expect(await call('DELETE', '/proxies/demo')).toMatchObject({ status: 204, body: '' });
      expect((await call('GET', '/proxies')).body).toEqual({});
    });

    it.each([
      ['no body', '', 400, /^bad request body: EOF/],
      ['no JSON', '{nope', 400, /^bad request body: /],
      ['no name', { upstream: 'a:1' }, 400, /^missing required field: name$/],
      ['no upstream', { name: 'a' }, 400, /^missing required field: upstream$/],
      ['a wrong type', { name: 7, upstream: 'a:1' }, 400, /^bad request body: /],
    ])('refuses a proxy with %s', async (_what, body, status, error) => {
      const reply = await call('POST', '/proxies', body);
      expect(reply).toMatchObject({ status, body: { status, error: expect.stringMatching(error) } });
      expect(reply.type).toMatch(/^text\/plain/);
    });

    it('refuses a taken name and a taken port in the same words', async () => {
      const { body } = await call('POST', '/proxies', someProxy);
      expect(await call('POST', '/proxies', someProxy)).toMatchObject({
        status: 409,
        body: { error: 'proxy already exists', status: 409 },
      });
      const { listen } = body as { listen: string };
      expect(await call('POST', '/proxies', { ...someProxy, name: 'other', listen })).toMatchObject({
        status: 500,
        body: { error: `listen tcp ${listen}: bind: address already in use`, status: 500 },
      });
      expect((await call('GET', '/proxies/other')).status).toBe(404);
    });

    it.each([
      ['GET', '/proxies/none', 'proxy not found'],
      ['PATCH', '/proxies/none', 'proxy not found'],
      ['DELETE', '/proxies/none', 'proxy not found'],
      ['GET', '/proxies/none/toxics', 'proxy not found'],
      ['POST', '/proxies/none/toxics', 'proxy not found'],
      ['GET', '/proxies/demo/toxics/none', 'toxic not found'],
      ['PATCH', '/proxies/demo/toxics/none', 'toxic not found'],
      ['DELETE', '/proxies/demo/toxics/none', 'toxic not found'],
    ])('%s %s is 404', async (method, path, error) => {
      await call('POST', '/proxies', someProxy);
      const body = method === 'GET' || method === 'DELETE' ? undefined : {};
      expect(await call(method, path, body)).toMatchObject({ status: 404, body: { error, status: 404 } });
    });

    it.each(['PATCH', 'POST'])('%s updates a proxy in part', async (method) => {
      const { body } = await call('POST', '/proxies', someProxy);
      const off = await call(method, '/proxies/demo', { enabled: false });
      expect(off).toMatchObject({ status: 200, body: { ...(body as object), enabled: false } });
      const moved = await call(method, '/proxies/demo', { upstream: '127.0.0.1:2', enabled: true });
      expect(moved.body).toEqual({ ...(body as object), upstream: '127.0.0.1:2', enabled: true });
    });

    it('adds toxics with every default filled in, upstream before downstream', async () => {
      await call('POST', '/proxies', someProxy);
      const latency = await addToxic({ type: 'latency' });
      expect(latency).toMatchObject({ status: 200, type: 'application/json' });
      expect(latency.body).toEqual({
        name: 'latency_downstream',
        type: 'latency',
        stream: 'downstream',
        toxicity: 1,
        attributes: { latency: 0, jitter: 0 },
      });
      const named = { name: 'mine', type: 'limit_data', stream: 'upstream', toxicity: 0.25 };
      const limit = await addToxic({ ...named, attributes: { bytes: 5, unknown: 1 } });
      expect(limit.body).toEqual({ ...named, attributes: { bytes: 5 } });
      expect((await call('GET', '/proxies/demo/toxics')).body).toEqual([limit.body, latency.body]);
      expect((await call('GET', '/proxies/demo/toxics/mine')).body).toEqual(limit.body);
      expect((await call('GET', '/proxies/demo')).body).toMatchObject({ toxics: [limit.body, latency.body] });
      expect(await call('DELETE', '/proxies/demo/toxics/mine')).toMatchObject({ status: 204, body: '' });
      expect((await call('GET', '/proxies/demo/toxics')).body).toEqual([latency.body]);
    });

    it.each([
      ['latency', ['latency', 'jitter']],
      ['bandwidth', ['rate']],
      ['slow_close', ['delay']],
      ['timeout', ['timeout']],
      ['reset_peer', ['timeout']],
      ['slicer', ['average_size', 'size_variation', 'delay']],
      ['limit_data', ['bytes']],
    ])('%s has the attributes %s', async (type, attributes) => {
      await call('POST', '/proxies', someProxy);
      const wanted = Object.fromEntries(attributes.map((attribute, index) => [attribute, index + 1]));
      const added = await addToxic({ type, attributes: wanted });
      expect(added).toMatchObject({ status: 200, body: { type, attributes: wanted } });
    });

    it.each([
      ['an unknown type', { type: 'gremlin' }, 'invalid toxic type'],
      [
        'an unknown stream',
        { type: 'latency', stream: 'sideways' },
        'stream was invalid, can be either upstream or downstream',
      ],
      ['a fraction', { type: 'latency', attributes: { latency: 1.5 } }, /^bad request body: /],
      ['a string for a number', { type: 'latency', attributes: { latency: '1' } }, /^bad request body: /],
      ['no body', '', /^bad request body: EOF/],
    ])('refuses a toxic with %s', async (_what, toxic, error) => {
      await call('POST', '/proxies', someProxy);
      const text = typeof error === 'string' ? error : expect.stringMatching(error);
      expect(await addToxic(toxic)).toMatchObject({ status: 400, body: { error: text, status: 400 } });
      expect((await call('GET', '/proxies/demo/toxics')).body).toEqual([]);
    });

    it('refuses a second toxic of one name, in whatever direction', async () => {
      await call('POST', '/proxies', someProxy);
      await addToxic({ name: 'one', type: 'latency' });
      expect(
        await addToxic({ name: 'one', type: 'slicer', stream: 'upstream', attributes: { average_size: 1 } }),
      ).toMatchObject({
        status: 409,
        body: { error: 'toxic already exists', status: 409 },
      });
    });

    it.each(['PATCH', 'POST'])(
      '%s changes attributes and toxicity of a toxic and nothing else',
      async (method) => {
        await call('POST', '/proxies', someProxy);
        await addToxic({ name: 'one', type: 'latency', attributes: { latency: 5, jitter: 2 } });
        const patch = {
          name: 'two',
          type: 'slicer',
          stream: 'upstream',
          toxicity: 0.5,
          attributes: { latency: 9 },
        };
        expect(await call(method, '/proxies/demo/toxics/one', patch)).toMatchObject({
          status: 200,
          body: {
            name: 'one',
            type: 'latency',
            stream: 'downstream',
            toxicity: 0.5,
            attributes: { latency: 9, jitter: 2 },
          },
        });
      },
    );

    it('populates: creates, keeps what is equal, replaces what differs', async () => {
      const first = await call('POST', '/populate', [
        someProxy,
        { ...someProxy, name: 'off', enabled: false },
      ]);
      expect(first.status).toBe(201);
      const { proxies } = first.body as { proxies: Record<string, unknown>[] };
      expect(proxies.map(({ name, enabled }) => [name, enabled])).toEqual([
        ['demo', true],
        ['off', false],
      ]);
      await addToxic({ type: 'latency' });
      const same = { ...someProxy, listen: proxies[0]?.listen };
      const again = await call('POST', '/populate', [same]);
      expect(again.body).toMatchObject({ proxies: [{ name: 'demo', toxics: [{ type: 'latency' }] }] });
      const other = await call('POST', '/populate', [{ ...same, upstream: '127.0.0.1:9' }]);
      expect(other.body).toMatchObject({ proxies: [{ name: 'demo', upstream: '127.0.0.1:9', toxics: [] }] });
    });

    it('populate creates nothing if one entry is bad', async () => {
      const reply = await call('POST', '/populate', [someProxy, { name: 'second' }]);
      expect(reply).toMatchObject({
        status: 400,
        body: { error: 'missing required field: upstream at proxy 2' },
      });
      expect((await call('GET', '/proxies')).body).toEqual({});
    });

    it('reset enables every proxy and removes every toxic', async () => {
      await call('POST', '/proxies', someProxy);
      await addToxic({ type: 'latency' });
      await call('PATCH', '/proxies/demo', { enabled: false });
      expect(await call('POST', '/reset')).toMatchObject({ status: 204, body: '' });
      expect((await call('GET', '/proxies/demo')).body).toMatchObject({ enabled: true, toxics: [] });
    });

    it('has a version, metrics, and nothing else', async () => {
      expect(await call('GET', '/version')).toMatchObject({
        status: 200,
        type: expect.stringMatching(/^application\/json/),
        body: { version: expect.any(String) },
      });
      expect(await call('GET', '/metrics')).toMatchObject({
        status: 200,
        type: expect.stringMatching(/^text\/plain/),
      });
      expect((await call('GET', '/nothing')).status).toBe(404);
      expect((await call('DELETE', '/version')).status).toBe(405);
    });

    it('sends browsers away', async () => {
      const reply = await call('GET', '/version', undefined, { 'user-agent': 'Mozilla/5.0 (X11)' });
      expect(reply).toMatchObject({ status: 403, body: 'User agent not allowed\n' });
    });
  });
}
