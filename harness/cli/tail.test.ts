import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { nodeHandler } from '../../kit/adapters/node-http.ts';
import { createEventStream } from '../../kit/server/index.ts';
import { sse } from './run-here.fixture.ts';
import type { TailRecord } from './tail-lines.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(handler: RequestListener): Promise<string> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
}

/** A foreign server: what it sends to the first request, the second … */
function scripted(...bodies: readonly string[]): Promise<string> {
  let asked = 0;
  return serve((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const body = bodies[asked++];
    if (body === undefined) response.flushHeaders();
    else response.end(body);
  });
}

/** Runs until the output holds a word, and interrupts it there. */
async function untilSaid(word: string, args: string) {
  let out = '';
  let interrupt: () => void = () => undefined;
  const interrupted = new Promise<void>((resolve) => {
    interrupt = resolve;
  });
  const { code, err } = await sse(args, {
    interrupted: () => interrupted,
    out: (text) => {
      out += text;
      if (text.includes(word)) interrupt();
    },
  });
  return { code, out, err };
}

function records(out: string): TailRecord[] {
  return out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as TailRecord);
}

describe('sse-kit tail', () => {
  it('prints the events of a foreign server, and how to go on after the last', async () => {
    const url = await scripted('retry: 1\n\nid: a\nevent: note\ndata: one\n\nid: b\ndata: {"n":2}\n\n');
    const { code, out, err } = await sse(`tail ${url} --count 2`);
    const lines = out.trimEnd().split('\n');
    expect(lines.filter((line) => line.includes('note'))).toEqual([
      expect.stringMatching(/^\d\d:\d\d:\d\d\.\d{3} {2}note {10}a {5}one$/),
    ]);
    expect(out).toContain('message       b     {"n":2}');
    expect(err).toBe("2 events; to go on after it: --from 'b'\n");
    expect(code).toBe(0);
  });

  it('goes on after a disconnect where it was, and tells of it', async () => {
    const asked: unknown[] = [];
    const url = await serve((request, response) => {
      asked.push(request.headers['last-event-id']);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(`retry: 1\nid: ${asked.length}\ndata: x\n\n`);
    });
    const { code, out } = await sse(`tail ${url} --json --count 2`);
    expect(asked).toEqual([undefined, '1']);
    const kinds = records(out).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind !== 'retry')).toEqual([
      'open',
      'event',
      'disconnect',
      'open',
      'event',
      'closed',
    ]);
    expect(records(out).filter(({ kind }) => kind === 'disconnect')).toMatchObject([{ cause: 'eof' }]);
    expect(code).toBe(0);
  });

  it.each(['header', 'query'])('starts after --from, told by --cursor %s', async (cursor) => {
    const stream = createEventStream({ name: 'orders' });
    const url = await serve(nodeHandler(stream));
    const id = await stream.publish('order', { n: 1 });
    await stream.publish('order', { n: 2 });
    const { out } = await sse(`tail ${url} --json --from ${id} --cursor ${cursor} --count 1`);
    expect(records(out).find(({ kind }) => kind === 'event')).toMatchObject({
      type: 'order',
      data: { n: 2 },
      publishedAt: expect.any(Number),
      raw: expect.stringContaining('"specversion"'),
    });
    expect(records(out).find(({ kind }) => kind === 'open')).toMatchObject({ server: { resume: 'ok' } });
    await stream.close();
  });

  it('announces what the server could not go on from', async () => {
    const stream = createEventStream({ name: 'orders' });
    const url = await serve(nodeHandler(stream));
    await stream.publish('order', { n: 1 });
    const { out } = await untilSaid('cannot resume', `tail ${url} --from nobody-gave-this-id`);
    expect(out).toContain('✗ cannot resume (malformed): some events lost');
    await stream.close();
  });

  it('sends headers and prints none of them, nor the query of the URL, nor the password in it', async () => {
    const heard: unknown[] = [];
    const base = await serve((request, response) => {
      heard.push(request.headers.authorization, request.headers['x-key'], request.url);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end('retry: 1\ndata: x\n\n');
    });
    const url = `${base.replace('//', '//user:hidden1@')}?token=hidden2`;
    for (const format of ['', ' --json']) {
      const { out, err } = await sse(
        `tail ${url} -H authorization:Bearer\thidden3 -H x-key:hidden4 --count 2${format}`,
      );
      expect(out + err).not.toMatch(/hidden/);
    }
    expect(heard.slice(0, 3)).toEqual(['Bearer\thidden3', 'hidden4', '/events?token=hidden2']);
  });

  it('ends after --for, open or not, and calls only the first a success', async () => {
    const open = await sse(`tail ${await scripted()} --for 400ms --json`);
    expect(records(open.out).at(-1)).toMatchObject({ kind: 'closed', reason: 'closed' });
    expect(open.code).toBe(0);
    const url = await serve((request) => request.socket.destroy());
    const never = await sse(`tail ${url} --for 1500ms`); // a busy machine needs some of it to be refused
    expect(never.out).toContain('lost (network)');
    expect(never.code).toBe(1);
  });

  it('is not content with fewer events than --count when the stream is complete', async () => {
    const url = await scripted('data: x\n\nevent: stream.end\ndata: {}\n\n');
    expect((await sse(`tail ${url} --count 2`)).code).toBe(1);
    const again = await scripted('data: x\n\nevent: stream.end\ndata: {}\n\n');
    expect((await sse(`tail ${again}`)).code).toBe(0);
  });

  it('takes a 204 as the end of a stream that is complete', async () => {
    const url = await serve((_request, response) => response.writeHead(204).end());
    expect((await sse(`tail ${url}`)).code).toBe(0);
  });

  it('gives up at what will not get better', async () => {
    const url = await serve((_request, response) => response.writeHead(404).end());
    const { code, out } = await sse(`tail ${url}`);
    expect(out).toContain('gave up (final): status 404');
    expect(code).toBe(1);
  });

  it('closes when it is interrupted', async () => {
    const { code, err } = await untilSaid('open', `tail ${await scripted()}`);
    expect({ code, err }).toEqual({ code: 0, err: '0 events\n' });
  });

  it.each([
    ['no URL', 'tail', "missing required argument 'url'"],
    ['what is no URL', 'tail localhost', 'not an http URL'],
    ['another protocol', 'tail ftp://x/', 'not an http URL: "ftp://x/"'],
    ['a count of nothing', 'tail http://x/ --count 0', 'whole number of at least 1'],
    ['a time without a unit', 'tail http://x/ --for 20', 'a duration such as 500ms, 20s'],
    ['a header without a colon', 'tail http://x/ -H hidden', 'header 1 is not of the form name:value'],
    ['a header with a line in it', 'tail http://x/ -H a:b\nhidden', 'the value of header "a" cannot be sent'],
  ])('refuses %s', async (_, args, message) => {
    const { code, out, err } = await sse(args);
    expect(err).toContain(message);
    expect(err).not.toContain('hidden');
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });
});
