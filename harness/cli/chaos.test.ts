import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
// The one place where a test of the harness needs a server to run against.
import { peerServers } from '../../fixtures/servers/peers/index.ts';
import { nodeHandler } from '../../kit/adapters/node-http.ts';
import { selfSigned } from '../../kit/adapters/testing/self-signed.ts';
import { createEventStream } from '../../kit/server/index.ts';
import { type RawServer, rawServer, serve } from '../audit/testing/servers.ts';
import type { Advice, Look } from '../black-box/index.ts';
import { DEFAULT_SERVER } from '../runner/index.ts';
import { createHistoryWatch } from '../runner/watch.ts';
import { acquireToxiproxy, type ToxiproxyServer } from '../toxiproxy/index.ts';
import type { Outcome, totals } from './outcome.ts';
import { sse } from './run-here.fixture.ts';

/** What `--json` prints. */
interface Printed {
  readonly version: 1;
  readonly look: Look;
  readonly counts: ReturnType<typeof totals>;
  readonly outcomes: readonly Outcome[];
  readonly advice: readonly Advice[];
  readonly report: string;
}

const EVERY_MS = 20;

let toxiproxy: ToxiproxyServer;
beforeAll(async () => {
  toxiproxy = await acquireToxiproxy({ install: false });
});
afterAll(() => toxiproxy.stop());

let out: string;
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const act of undo.splice(0).reverse()) await act();
  vi.unstubAllEnvs();
});

/** Runs the command against a URL, with a Toxiproxy that is there already, into a folder that goes with the test. */
async function chaos(url: string, options: string) {
  out = mkdtempSync(join(tmpdir(), 'sse-kit-chaos-'));
  undo.push(() => rmSync(out, { recursive: true }));
  vi.stubEnv('TOXIPROXY_URL', toxiproxy.url);
  const told = await sse(`chaos ${url} --json --seed 7 --out ${out} ${options}`);
  return { ...told, printed: (told.out === '' ? null : JSON.parse(told.out)) as Printed };
}

async function raw(options: RawServer = {}): Promise<string> {
  const server = await rawServer({ everyMs: EVERY_MS, ...options });
  undo.push(server.stop);
  return server.url;
}

/** The kit's own server, as a product has it. */
async function kit(hears: RequestListener = () => undefined): Promise<string> {
  const stream = createEventStream({ name: 'orders', heartbeatMs: 5000 });
  const handle = nodeHandler(stream);
  const server = await serve((request, response) => {
    hears(request, response);
    void handle(request, response);
  });
  const timer = setInterval(() => void stream.publish('tick', { at: Date.now() }), EVERY_MS);
  undo.push(
    server.stop,
    () => clearInterval(timer),
    () => stream.close(),
  );
  return server.url;
}

/** A library that keeps no history, as its documentation shows it. */
async function betterSse(): Promise<string> {
  const peer = peerServers.find(({ name }) => name === 'better-sse');
  if (!peer) throw new Error('better-sse is not among the peers');
  const target = await peer.start(
    DEFAULT_SERVER,
    createHistoryWatch(() => undefined),
  );
  const timer = setInterval(
    () => void target.publish([{ type: 'tick', data: { at: Date.now() } }]).catch(() => undefined),
    EVERY_MS,
  );
  undo.push(target.stop, () => clearInterval(timer));
  return target.url();
}

const BROKEN_RESUME = 'resume/inside-buffer';

describe('sse-kit chaos finds', () => {
  it.each([
    ['a server of this kit', () => kit()],
    ['any server that resumes exactly', raw],
  ])('nothing wrong with %s', async (_, start) => {
    const { printed, code } = await chaos(await start(), `--only ${BROKEN_RESUME} disconnect/fin-mid-event`);
    expect(printed.outcomes).toMatchObject([{ verdict: true }, { verdict: true }]);
    expect(printed).toMatchObject({ counts: { passed: 2, failed: 0, unknown: 0 }, advice: [] });
    expect(code).toBe(0);
    expect(readFileSync(printed.report, 'utf8')).toMatch(/✓ 127\.0\.0\.1:\d+ holds in all 2 runs/);
  });

  it.each([
    ['a resume that skips one', () => raw({ onCursor: 'skips-one' }), 'loss', 'never came'],
    ['a resume that repeats one', () => raw({ onCursor: 'from-cursor' }), 'wire-duplicates', 'sends again'],
    ['a resume from the start', () => raw({ onCursor: 'from-start' }), 'unexpected', 'sends again'],
    ['a peer that does not resume', betterSse, 'loss', 'never came'],
  ])('%s', async (_, start, check, lacks) => {
    const { printed, code } = await chaos(await start(), `--only ${BROKEN_RESUME}`);
    const [outcome] = printed.outcomes;
    expect(outcome).toMatchObject({
      verdict: false,
      complaints: expect.arrayContaining([expect.objectContaining({ check, broken: true })]),
    });
    expect(printed.advice[0]?.lacks).toContain(lacks);
    expect(code).toBe(1);
  });

  it('that without ids nothing can be known, and never calls that a pass', async () => {
    const url = await raw({ ids: false });
    const { printed, code } = await chaos(url, `--only connect/baseline ${BROKEN_RESUME}`);
    expect(printed.outcomes).toMatchObject([
      {
        verdict: 'unknown',
        complaints: [{ check: 'loss', summary: expect.stringContaining('no event with an id') }],
      },
      { verdict: 'skipped', reason: 'needs ids: no event of this server has one' },
    ]);
    expect(printed.advice[0]?.lacks).toContain('no id');
    expect(code).toBe(1);
  });
});

describe('sse-kit chaos', () => {
  it('asks only for the stream, by GET, on two connections at a time, and says so before', async () => {
    const asked: string[] = [];
    let open = 0;
    let most = 0;
    const url = await kit((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      most = Math.max(most, ++open);
      response.once('close', () => open--);
    });
    const { err } = await chaos(url, '--only connect/baseline');
    expect(err).toContain('about 2 more requests (GET), never more than two at a time');
    expect({ most, methods: new Set(asked) }).toEqual({ most: 2, methods: new Set(['GET /events']) });
    expect(asked).toHaveLength(3); // the look, the observer, the client
  });

  it('skips by name what needs control of the server; nothing but that is no success', async () => {
    const { printed, code, err } = await chaos(await raw(), '--only deploy/sigkill-durable resume/evicted');
    expect(printed.outcomes).toMatchObject([
      { id: 'deploy/sigkill-durable', verdict: 'skipped', reason: 'stops the server' },
      { id: 'resume/evicted', verdict: 'skipped', reason: 'starts the server with other settings' },
    ]);
    expect(err).toMatch(/– skipped 1: stops the server\n {4}deploy\/sigkill-durable/);
    expect(code).toBe(2);
  });

  it('reaches a server over TLS by its own name, with secrets that nothing else gets', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0'); // what is tested here is not whom we trust
    const heard = new Set<string>();
    let sent = 0;
    const listener: RequestListener = (request, response) => {
      const { host = '', authorization = '', 'x-key': key } = request.headers;
      const name =
        request.socket instanceof TLSSocket && (request.socket as { servername?: string }).servername;
      const asked = new URL(`https://${host}${request.url}`);
      const after = asked.searchParams.get('lastEventId');
      heard.add([name, host.split(':')[0], authorization, key, asked.searchParams.get('token')].join());
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      let next = after === null ? sent : Number(after);
      const timer = setInterval(() => {
        sent++;
        while (next < sent) response.write(`id: ${++next}\ndata: ${next}\n\n`);
      }, EVERY_MS);
      response.once('close', () => clearInterval(timer));
    };
    const server = createServer(selfSigned(), listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    undo.push(
      () => server.closeAllConnections(),
      () => server.close(),
    );
    const { port } = server.address() as AddressInfo;
    const url = `https://user:s3cret1@localhost:${port}/events?token=s3cret2`;
    const told = await chaos(url, '-H x-key:s3cret3 --cursor query --only disconnect/fin-mid-event');
    expect(told.printed.outcomes).toMatchObject([{ verdict: true }]);
    const basic = `Basic ${Buffer.from('user:s3cret1').toString('base64')}`;
    expect([...heard]).toEqual([`localhost,localhost,${basic},s3cret3,s3cret2`]);
    const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
    const written = files.map((each) => readFileSync(join(each.parentPath, each.name), 'utf8')).join();
    const bytes = [...written.matchAll(/"base64":"([^"]+)"/g)].map(([, text = '']) =>
      Buffer.from(text, 'base64').toString('latin1'),
    );
    expect(bytes.join()).toContain('lastEventId='); // what the client sent is there
    for (const text of [told.out, told.err, written, ...bytes]) {
      expect(text).not.toMatch(new RegExp(`s3cret|${basic}`));
    }
  });

  const sends = (head: Record<string, string>, body = '', status = 200) =>
    serve((_request, response) => {
      response.writeHead(status, head).flushHeaders();
      response.write(body);
    });

  it.each([
    [
      'no events',
      sends({ 'content-type': 'text/event-stream' }, ': hi\n\n'),
      'let events flow',
      'ERR_NO_EVENTS',
    ],
    ['a page', sends({ 'content-type': 'text/html' }), 'it answered 200 with text/html', 'ERR_NO_ANSWER'],
    ['a complete stream', sends({}, '', 204), 'the stream is complete', 'ERR_NO_ANSWER'],
    [
      'a stream that is compressed',
      sends({ 'content-type': 'text/event-stream', 'content-encoding': 'br' }),
      'it is compressed (br)',
      'ERR_NO_ANSWER',
    ],
    [
      'a URL that leads elsewhere',
      serve((request, response) => {
        if (request.url?.startsWith('/there'))
          response.writeHead(200, { 'content-type': 'text/event-stream' }).end();
        else response.writeHead(307, { location: '/there?token=s3cret' }).end();
      }),
      '/there: give that URL',
      'ERR_USAGE',
    ],
  ])('ends with 2 for %s', async (_, started, message, errorCode) => {
    const server = await started;
    undo.push(server.stop);
    const { code, out: said, err } = await sse(`chaos ${server.url} --for 300ms`);
    expect(err).toContain(message);
    expect(err).toContain(errorCode);
    expect(said + err).not.toContain('s3cret');
    expect(code).toBe(2);
  });

  it('ends with 2 where nobody listens', async () => {
    const { url, stop } = await serve(() => undefined);
    stop();
    const { code, err } = await sse(`chaos ${url}`);
    expect(err).toContain(`no event stream at ${url}: connect ECONNREFUSED`);
    expect(code).toBe(2);
  });

  it.each([
    ['no URL', 'chaos nowhere', 'not an http URL'],
    ['an id that does not exist', 'chaos http://x/ --only resume/inside', 'near: resume/inside-buffer'],
    ['a header without a colon', 'chaos http://x/ -H s3cret', 'header 1 is not of the form name:value'],
    ['a time without a unit', 'chaos http://x/ --for 20', 'It must be a duration'],
  ])('ends with 2 for %s', async (_, args, message) => {
    const { code, err } = await sse(args);
    expect(err).toContain(message);
    expect(err).not.toContain('s3cret');
    expect(code).toBe(2);
  });
});
