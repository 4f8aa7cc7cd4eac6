import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { ClientFact } from './facts.ts';
import { connect as connectFetch, type StreamEvent, type StreamHandle } from './index.ts';
import { connect as connectNode } from './node/index.ts';
import type { ConnectOptions } from './options.ts';
import { afterwards, serve } from './scripted.fixture.ts';

/**
 * Bugs found by running other clients, each against a real server that is scripted by bytes. The title names the
 * behaviour; the clients that fail are listed in docs.
 */
const FAST = { baseMs: 10, maxMs: 40 };
const END = 'event: stream.end\ndata: {}\n\n';
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe.each([
  ['on fetch', connectFetch],
  ['on node:http', connectNode],
])('the kit %s', (_name, connect) => {
  function start(url: string, options: ConnectOptions = {}) {
    const facts: ClientFact[] = [];
    const seen: unknown[] = [];
    const stream: StreamHandle = connect(url, {
      retry: FAST,
      onEvent: (event: StreamEvent) => void seen.push(event.raw),
      observe: (fact) => facts.push(fact),
      ...options,
    });
    afterwards(() => stream.close());
    return { stream, facts, seen };
  }

  it('does not send the id of an event that was cut after its id line', async () => {
    const server = await serve(async (exchange) => {
      if (exchange.number === 1) {
        await exchange.write('id: 1\ndata: one\n\nid: 2\n');
        exchange.cut();
        return;
      }
      exchange.end(`id: 2\ndata: two\n\n${END}`);
    });
    const { stream, seen } = start(server.url);
    await stream.closed;
    expect(server.exchanges[1]?.lastEventId).toBe('1');
    expect(seen).toEqual(['one', 'two']);
  });

  it('does not dispatch an event that ends without its blank line', async () => {
    const server = await serve((exchange) => {
      if (exchange.number === 1) exchange.end('id: 1\ndata: one\n\nid: 2\ndata: tw');
      else if (exchange.number === 2) exchange.end('id: 2\ndata: two\n');
      else exchange.end(`id: 2\ndata: two\n\n${END}`);
    });
    const { stream, seen } = start(server.url);
    await stream.closed;
    expect(seen).toEqual(['one', 'two']);
    expect(server.exchanges.map(({ lastEventId }) => lastEventId)).toEqual([null, '1', '1']);
  });

  it.each(['0', '3000000000', '99999999999999999999'])(
    'does not hammer the server after `retry: %s`',
    async (retry) => {
      const server = await serve((exchange) => exchange.end(`retry: ${retry}\n\ndata: x\n\n`));
      start(server.url, { retry: { baseMs: 200, maxMs: 1000 } });
      await expect.poll(() => server.exchanges.length, { timeout: 5000 }).toBeGreaterThanOrEqual(2);
      const before = server.exchanges.length;
      await pause(500);
      expect(server.exchanges.length - before).toBeLessThan(10);
    },
  );

  it('ignores `retry: 5x`', async () => {
    const server = await serve((exchange) => exchange.end('retry: 5x\ndata: x\n\n'));
    const { facts } = start(server.url);
    await expect.poll(() => facts.find(({ kind }) => kind === 'retry')).toMatchObject({ floorMs: 0 });
  });

  it('backs off from a server that answers 200 and closes, with and without `retry:`', async () => {
    for (const body of ['data: x\n\n', 'retry: 1\ndata: x\n\n', '']) {
      const server = await serve((exchange) => exchange.end(body));
      // A floor has jitter on top, whatever the policy: with chance it could be the longer of the two.
      const ports = { random: () => 0.5 };
      const { facts } = start(server.url, { retry: { baseMs: 20, maxMs: 10_000, jitter: 0 }, ports });
      const delays = () => facts.flatMap((fact) => (fact.kind === 'retry' ? [fact.delayMs] : []));
      await expect.poll(() => delays().length).toBeGreaterThanOrEqual(4);
      expect(delays().slice(0, 4)).toEqual([20, 40, 80, 160]);
    }
  });

  it('begins anew with its delays after a connection that was healthy for a while', async () => {
    const server = await serve(async (exchange) => {
      await exchange.write('data: x\n\n');
      if (exchange.number === 4) await pause(150);
      exchange.cut();
    });
    const { facts } = start(server.url, {
      retry: { baseMs: 20, maxMs: 10_000, jitter: 0, healthyAfterMs: 100 },
    });
    const delays = () => facts.flatMap((fact) => (fact.kind === 'retry' ? [fact.delayMs] : []));
    await expect.poll(() => delays().length).toBeGreaterThanOrEqual(4);
    expect(delays().slice(0, 4)).toEqual([20, 40, 80, 20]);
  });

  it('keeps events whole when CRLF, CR or UTF-8 is split between chunks, at every place', async () => {
    const text = '\uFEFFid: 1\r\ndata: grüße 🚀\r\n\r\nid: 2\rdata: two\r\rid: 3\ndata: a\ndata: b\n\n';
    const bytes = Buffer.from(text);
    const server = await serve(async (exchange) => {
      const cutAt = exchange.number;
      await exchange.write(bytes.subarray(0, cutAt));
      await exchange.write(bytes.subarray(cutAt));
      exchange.end(END);
    });
    for (let cutAt = 1; cutAt < bytes.length; cutAt++) {
      const { stream, seen } = start(server.url);
      await stream.closed;
      expect(seen, `cut at byte ${cutAt}`).toEqual(['grüße 🚀', 'two', 'a\nb']);
    }
  });

  it('delivers an event that ends in CR CR at once, not with the next chunk', async () => {
    const server = await serve((exchange) => exchange.write('data: now\r\r'));
    const { seen } = start(server.url);
    await expect.poll(() => seen).toEqual(['now']);
  });

  it('ignores an id with NUL', async () => {
    const server = await serve((exchange) =>
      exchange.end(exchange.number === 1 ? 'id: 1\ndata: one\n\nid: 2\0\ndata: two\n\n' : END),
    );
    const { stream, seen } = start(server.url);
    await stream.closed;
    expect(seen).toEqual(['one', 'two']);
    expect(server.exchanges[1]?.lastEventId).toBe('1');
  });

  it('sends an id beyond Latin-1 as its UTF-8 bytes', async () => {
    const server = await serve((exchange) =>
      exchange.end(exchange.number === 1 ? 'id: größe-🚀\ndata: one\n\n' : END),
    );
    const { stream } = start(server.url);
    await stream.closed;
    const sent = server.exchanges[1]?.lastEventId ?? '';
    expect(Buffer.from(sent, 'latin1').toString('utf8')).toBe('größe-🚀');
  });

  it('sends no cursor after an empty id has reset it', async () => {
    const server = await serve((exchange) =>
      exchange.end(exchange.number === 1 ? 'id: 1\ndata: one\n\nid\ndata: two\n\n' : END),
    );
    const { stream } = start(server.url);
    await stream.closed;
    expect(server.exchanges[1]?.lastEventId).toBeNull();
  });

  it.each(['text/html', 'application/json', 'text/event-streamx', 'text/event-stream-x; charset=utf-8', ''])(
    'refuses the content type %j, for good and with the reason',
    async (type) => {
      const server = await serve((exchange) => {
        exchange.response.writeHead(200, type ? { 'content-type': type } : {});
        exchange.end('data: not an event\n\n');
      });
      const { stream, seen } = start(server.url);
      expect(await stream.closed).toMatchObject({
        type: 'gave-up',
        why: 'final',
        failure: { cause: 'content-type', message: expect.stringContaining(type || 'no content type') },
      });
      expect(seen).toEqual([]);
      expect(server.exchanges).toHaveLength(1);
    },
  );

  it.each(['text/event-stream', 'Text/Event-Stream; charset=utf-8', ' text/event-stream ;x=y'])(
    'accepts the content type %j',
    async (type) => {
      const server = await serve((exchange) => {
        exchange.response.writeHead(200, { 'content-type': type });
        exchange.end(`data: x\n\n${END}`);
      });
      const { stream, seen } = start(server.url);
      await stream.closed;
      expect(seen).toEqual(['x']);
    },
  );

  it('has one connection after a handler threw', async () => {
    const server = await serve((exchange) => exchange.write('id: 1\ndata: one\n\nid: 2\ndata: two\n\n'));
    const seen: string[] = [];
    const { facts } = start(server.url, {
      onEvent: ({ raw }: StreamEvent) => {
        seen.push(raw);
        if (raw === 'one') throw new Error('handler bug');
      },
    });
    await expect.poll(() => seen).toEqual(['one', 'two']);
    expect(server.exchanges).toHaveLength(1);
    expect(facts.find(({ kind }) => kind === 'dead-letter')).toMatchObject({ reason: 'handler' });
    expect(facts.find(({ kind }) => kind === 'error')).toMatchObject({ code: 'ERR_HANDLER' });
  });

  it('has its cursor where the consumer is, not where the network is', async () => {
    const server = await serve((exchange) =>
      exchange.write('id: 1\ndata: 1\n\nid: 2\ndata: 2\n\nid: 3\ndata: 3\n\n'),
    );
    const stream = connect(server.url, { retry: FAST });
    afterwards(() => stream.close());
    const events = stream[Symbol.asyncIterator]();
    await events.next();
    await events.next();
    expect(stream.stats().cursor).toBe('1');
    await stream.close();
    expect(stream.stats().cursor).toBe('1');
  });

  it('lets abort interrupt a long `Retry-After` at once', async () => {
    const server = await serve(({ response }) => void response.writeHead(503, { 'retry-after': '5' }).end());
    const controller = new AbortController();
    const { stream, facts } = start(server.url, { signal: controller.signal });
    await expect.poll(() => stream.state).toBe('waiting');
    expect(facts.find(({ kind }) => kind === 'retry')).toMatchObject({ floorMs: 5000 });
    const before = performance.now();
    controller.abort();
    expect(await stream.closed).toEqual({ type: 'closed', cause: 'aborted' });
    expect(performance.now() - before).toBeLessThan(1000);
  });

  it('passes over an oversized line, says so, and goes on', async () => {
    const server = await serve(async (exchange) => {
      await exchange.write(`id: 1\ndata: one\n\nid: 2\ndata: ${'x'.repeat(50_000)}`);
      await exchange.write('y'.repeat(50_000));
      await exchange.write('z\n');
      exchange.end(`\nid: 3\ndata: three\n\n${END}`);
    });
    const { stream, seen, facts } = start(server.url, {
      bounds: { maxEventBytes: 10_000, maxLineBytes: 10_000 },
    });
    expect(await stream.closed).toEqual({ type: 'complete' });
    expect(seen).toEqual(['one', 'three']);
    expect(facts.filter(({ kind }) => kind === 'dead-letter')).toMatchObject([{ reason: 'too-large' }]);
  });

  it('can keep the cursor out of the headers, so that a page needs no preflight', async () => {
    const server = await serve((exchange) =>
      exchange.end(exchange.number === 1 ? 'id: a b\ndata: one\n\n' : END),
    );
    const { stream } = start(`${server.url}?x=1#frag`, { cursor: 'query' });
    await stream.closed;
    const second = server.exchanges[1];
    expect(second?.lastEventId).toBeNull();
    expect(new URL(second?.url ?? '', server.url).searchParams.get('lastEventId')).toBe('a b');
    expect(new URL(second?.url ?? '', server.url).searchParams.get('x')).toBe('1');
  });

  it('gives up after 401 twice, without a loop', async () => {
    const server = await serve(({ response }) => void response.writeHead(401).end());
    const asked: boolean[] = [];
    const { stream } = start(server.url, {
      headers: ({ refresh }) => {
        asked.push(refresh);
        return { authorization: `Bearer ${asked.length}` };
      },
    });
    expect(await stream.closed).toMatchObject({ type: 'gave-up', failure: { cause: 'status', status: 401 } });
    expect(asked).toEqual([false, true]);
    expect(server.exchanges.map(({ headers }) => headers.authorization)).toEqual(['Bearer 1', 'Bearer 2']);
  });
});

describe('a Node process', () => {
  it('stays while the client waits for its next attempt, and exits right after close', async () => {
    let turns = 0;
    const server = await serve((exchange) => {
      turns++;
      if (exchange.number < 3) exchange.cut();
      else void exchange.write('data: up\n\n');
    });
    const script = fileURLToPath(new URL('./node/exit.fixture.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', script, server.url], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += String(chunk);
    });
    const code = await new Promise((resolve) => child.once('exit', resolve));
    expect({ code, turns }).toEqual({ code: 0, turns: 3 });
    const { closedAt, exitedAt } = JSON.parse(output);
    expect(exitedAt - closedAt).toBeLessThan(1000);
  });
});
