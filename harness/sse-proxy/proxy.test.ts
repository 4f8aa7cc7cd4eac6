import { once } from 'node:events';
import { createServer } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { HistoryRecord } from '../history/types.ts';
import { afterEvent, afterHead, startSseProxy } from './index.ts';
import { type Bench, bodyWith, event, startBench, streamHandler } from './testing/bench.ts';
import { parseResponse, rawClient } from './testing/raw-client.ts';

let bench: Bench;
afterEach(() => bench?.close());

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the proxy without faults', () => {
  it('passes random bodies unchanged, whatever their chunks', async () => {
    const bodies: Buffer[][] = [];
    bench = await startBench(async (request, response) => {
      response.writeHead(200, { 'Content-Type': request.url === '/sse' ? 'text/event-stream' : 'x/y' });
      for (const chunk of bodies[0] ?? []) {
        response.write(chunk);
        await new Promise((resolve) => setImmediate(resolve));
      }
      response.end();
    });
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.stringMatching(/^[a-z:\n\r]{0,60}$/).map((text) => Buffer.from(text)),
      fc.constant(Buffer.from(`data: ${'y'.repeat(70_000)}\n\n`)),
    );
    const client = bench.client(); // one connection, kept alive over all runs
    await fc.assert(
      fc.asyncProperty(
        fc.array(bytes, { maxLength: 6 }),
        fc.constantFrom('/sse', '/other'),
        async (chunks, path) => {
          const body = chunks.map((chunk) => Buffer.from(chunk));
          bodies[0] = body;
          client.forget();
          client.get(path);
          const all = await client.until((bytes) => parseResponse(bytes)?.complete === true);
          expect(parseResponse(all)?.body.equals(Buffer.concat(body))).toBe(true);
        },
      ),
      { seed: 3, numRuns: 60 },
    );
    expect(bench.proxy.connections()).toHaveLength(1);
  });

  it('asks the upstream as it is told, and records what the client asked', async () => {
    let asked = '';
    const upstream = createServer((socket) => {
      socket.on('data', (bytes) => {
        asked += bytes.toString('latin1');
        socket.end('HTTP/1.1 204 No Content\r\n\r\n');
      });
    }).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    const records: HistoryRecord[] = [];
    const proxy = await startSseProxy({
      upstream: `http://127.0.0.1:${(upstream.address() as { port: number }).port}`,
      record: (record) => records.push(record),
      ask: (request) => ({
        ...request,
        url: `${request.url}?token=s3cret`,
        headers: [['Host', 'shop.example']],
      }),
    });
    expect((await fetch(`${proxy.url}/orders`)).status).toBe(204);
    await proxy.close();
    upstream.close();
    expect(asked).toBe('GET /orders?token=s3cret HTTP/1.1\r\nHost: shop.example\r\n\r\n');
    expect(records).toContainEqual(expect.objectContaining({ kind: 'request', url: '/orders' }));
    const bytes = records.flatMap((record) => (record.kind === 'wire' ? (record.base64 ?? '') : []));
    expect(Buffer.from(bytes.join(''), 'base64').toString('latin1')).not.toContain('s3cret');
  });

  it('keeps every header, in order, in both directions, byte for byte', async () => {
    const head =
      'HTTP/1.1 207 Odd Reason\r\nX-Café: \xe9\xff\r\nset-cookie: a\r\nSet-Cookie: b\r\nContent-Length: 2\r\n\r\n';
    let asked = '';
    const upstream = createServer((socket) => {
      socket.on('data', (bytes) => {
        asked += bytes.toString('latin1');
        socket.write(Buffer.from(`${head}ok`, 'latin1'));
      });
    }).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    const { port } = upstream.address() as { port: number };
    const proxy = await startSseProxy({ upstream: `http://127.0.0.1:${port}` });
    const client = rawClient(proxy.port);
    const request =
      'GET /a?b=%00 HTTP/1.1\r\nHost: x\r\nLast-Event-ID: \xe6\x97\xa5\x01\r\nX-A: 1\r\nx-a: 2\r\n\r\n';
    client.send(Buffer.from(request, 'latin1'));
    const received = await client.until((bytes) => bytes.toString('latin1').endsWith('ok'));
    expect(received.toString('latin1')).toBe(`${head}ok`);
    expect(asked).toBe(request);
    client.close();
    await proxy.close();
    upstream.close();
  });

  it('forwards request bodies, with a length and chunked', async () => {
    bench = await startBench((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text) => {
        body += text;
      });
      request.on('end', () => response.end(body));
    });
    const client = bench.client();
    client.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello');
    await client.until((bytes) => bytes.includes('hello'));
    client.send(
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n',
    );
    await client.until((bytes) => bytes.includes('abcdef'));
  });

  it.each(['fin', 'rst'] as const)('shows the client a %s of the upstream as it was', async (how) => {
    bench = await startBench();
    const client = await bench.stream();
    bench.write(event(1));
    await bodyWith(client, event(1));
    const socket = bench.responses[0]?.socket;
    if (how === 'rst') socket?.resetAndDestroy();
    else socket?.destroy();
    expect(await client.ended).toBe(how);
    expect(parseResponse(client.received())?.complete).toBe(false);
  });

  it('tells the upstream at once when the client goes', async () => {
    bench = await startBench();
    const client = await bench.stream();
    const [response] = bench.responses;
    const closed = response ? once(response, 'close') : Promise.reject(new Error('no response'));
    client.close();
    await closed;
  });

  it('closes the client when the upstream cannot be reached', async () => {
    const proxy = await startSseProxy({ upstream: 'http://127.0.0.1:1' });
    const client = rawClient(proxy.port);
    client.get();
    expect(await client.ended).toBe('fin');
    expect(client.received()).toHaveLength(0);
    await proxy.close();
  });

  it('passes on broken chunk framing as it is broken', async () => {
    bench = await startBench((_, response) => {
      response.socket?.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nzz\r\nrest');
    });
    const client = bench.client();
    client.get();
    expect(await client.ended).toBe('fin');
    expect(client.received().toString()).toMatch(/\r\n\r\n2\r\nab\r\nzz\r\nrest$/);
  });

  it('gives up a client whose request body is broken', async () => {
    bench = await startBench((request) => request.resume());
    const client = bench.client();
    client.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n');
    const broken = (record: HistoryRecord): boolean => record.kind === 'note' && record.text.includes('"zz"');
    while (!bench.history.some(broken)) await sleep(5);
    client.close();
  });

  it('answers what is not HTTP with 400', async () => {
    bench = await startBench();
    const client = bench.client();
    client.send('hello\r\n\r\n');
    await client.ended;
    expect(client.received().toString()).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('serves fetch, which reuses its connections', async () => {
    bench = await startBench((_, response) => response.end('ok'));
    for (let n = 0; n < 3; n++) expect(await (await fetch(bench.proxy.url)).text()).toBe('ok');
    const connections = bench.history.flatMap((record) =>
      record.kind === 'request' ? [record.connection] : [],
    );
    expect(connections).toHaveLength(3);
    expect(new Set(connections).size).toBeLessThan(3);
  });

  it('passes an unfinished frame at once', async () => {
    bench = await startBench();
    const client = await bench.stream();
    bench.write('data: half');
    expect(await bodyWith(client, 'half')).toBe('data: half');
  });

  it('reports the requests with their cursor, and all bytes', async () => {
    bench = await startBench();
    const client = await bench.stream({ 'Last-Event-ID': 'epoch000.7' });
    bench.write(event(1));
    await bodyWith(client, event(1));
    client.close();
    const up = (record: HistoryRecord): boolean =>
      record.kind === 'wire' && record.direction === 'up' && record.event === 'fin';
    while (!bench.history.some(up)) await sleep(5);
    const request = bench.history.find(({ kind }) => kind === 'request');
    expect(request).toMatchObject({ method: 'GET', url: '/events', lastEventId: 'epoch000.7' });
    const down = bench.history.flatMap((record) =>
      record.kind === 'wire' && record.direction === 'down' && record.base64 ? [record.base64] : [],
    );
    expect(Buffer.concat(down.map((base64) => Buffer.from(base64, 'base64')))).toEqual(client.received());
  });

  it('reads the cursor from the query, too, and UTF-8 from the header', async () => {
    bench = await startBench();
    const client = bench.client();
    client.get('/events?lastEventId=a%20b');
    await client.until((bytes) => bytes.includes('\r\n\r\n'));
    await bench.stream({ 'Last-Event-ID': '日' });
    const cursors = bench.history.flatMap((record) =>
      record.kind === 'request' ? [record.lastEventId] : [],
    );
    expect(cursors).toEqual(['a b', '日']);
  });
});

describe('backpressure', () => {
  it('reaches the upstream when the client does not read', async () => {
    let written = 0;
    let drained = 0;
    const block = `data: ${'x'.repeat(32 * 1024)}\n\n`;
    bench = await startBench((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      const fill = (): void => {
        drained++;
        while (response.writable && written < 256 * 1024 * 1024) {
          written += block.length;
          if (!response.write(block)) return;
        }
      };
      response.on('drain', fill);
      fill();
    });
    // With a frame fault in place, so that the longest way through the proxy is measured.
    bench.proxy.arm({ name: 'duplicate', trigger: afterEvent(1_000_000) });
    const client = bench.client();
    client.socket.pause();
    client.get('/events');
    let before = -1;
    while (written !== before) {
      before = written;
      await sleep(300);
    }
    // What kernels hold between two loopback sockets is a few MiB; the stream offered is 256 MiB.
    expect(written).toBeLessThan(48 * 1024 * 1024);
    const rounds = drained;
    client.socket.resume();
    while (drained === rounds) await sleep(20);
    client.close();
  });
});

describe('faults in place', () => {
  it('falls on the requests its filter names, and not on preflights', async () => {
    bench = await startBench((_, response) => response.end('ok'));
    const fault = bench.proxy.arm({
      name: 'status',
      status: 503,
      times: 'always',
      on: { nth: 2, url: '/events' },
    });
    const client = bench.client();
    client.send('OPTIONS /events HTTP/1.1\r\nHost: x\r\n\r\n');
    await client.until((bytes) => bytes.includes('ok'));
    const statuses: unknown[] = [];
    for (let n = 1; n <= 3; n++) {
      client.forget();
      client.get('/events');
      const bytes = await client.until((received) => parseResponse(received)?.complete === true);
      statuses.push(parseResponse(bytes)?.head.status);
    }
    expect(statuses).toEqual([200, 503, 200]);
    expect(await fault.fired).toMatchObject({ exchange: 2 });
  });

  it('writes armed, fired and healed into the history', async () => {
    bench = await startBench();
    const fault = bench.proxy.arm({ name: 'drop', id: 'sse-proxy/drop#lost' });
    const client = await bench.stream();
    bench.write(event(1) + event(2));
    expect(await bodyWith(client, event(2))).toBe(event(2));
    await fault.heal();
    const phases = bench.history.flatMap((record) =>
      record.kind === 'fault' ? [[record.fault, record.phase]] : [],
    );
    expect(phases).toEqual(['armed', 'fired', 'healed'].map((phase) => ['sse-proxy/drop#lost', phase]));
  });

  it('does not wait, when healing, for a client that does not read', async () => {
    bench = await startBench();
    const fault = bench.proxy.arm({ name: 'oversized-event', bytes: 1024 * 1024 * 1024 });
    const client = await bench.stream();
    client.socket.pause();
    bench.write(event(1));
    while ((bench.proxy.connections()[0]?.bodyBytes ?? 0) < 100_000) await sleep(20);
    await fault.heal();
    expect(fault.state).toBe('healed');
  });

  it('stops acting once healed, on open connections, too', async () => {
    bench = await startBench();
    const fault = bench.proxy.arm({ name: 'drop', times: 'always' });
    const client = await bench.stream();
    bench.write(event(1));
    await fault.fired;
    await fault.heal();
    bench.write(event(2));
    expect(await bodyWith(client, event(2))).toBe(event(2));
    expect(fault.state).toBe('healed');
  });

  it('lets two faults act one after the other', async () => {
    bench = await startBench();
    bench.proxy.arm({ name: 'duplicate', trigger: afterHead() });
    bench.proxy.arm({ name: 'replace-id', to: 'x', times: 'always' });
    const client = await bench.stream();
    bench.write(event(1) + event(2));
    const body = await bodyWith(client, 'event 2');
    expect(body).toBe('id: x\ndata: event 1\n\nid: x\ndata: event 1\n\nid: x\ndata: event 2\n\n');
  });

  it('makes the same choices from the same seed', async () => {
    const ids: string[] = [];
    for (const seed of [0.3, 0.3, 0.7]) {
      bench = await startBench(streamHandler, { random: () => seed });
      bench.proxy.arm({ name: 'rechunk', upTo: 9 });
      const client = await bench.stream();
      bench.write(event(1).repeat(5));
      await bodyWith(client, event(1).repeat(5));
      ids.push(client.received().toString().split('\r\n\r\n')[1] ?? '');
      await bench.close();
    }
    expect(ids[0]).toBe(ids[1]);
    expect(ids[0]).not.toBe(ids[2]);
  });

  it('refuses names and parameters that mean nothing', async () => {
    bench = await startBench();
    expect(() => bench.proxy.arm({ name: 'no-such' as 'noop' })).toThrow(/"no-such"/);
    expect(() => bench.proxy.arm({ name: 'status', status: 99 })).toThrow(/99/);
    await expect(startSseProxy({ upstream: 'http://x/path' })).rejects.toThrow(/origin/);
  });

  it('takes a fault that is not in the catalogue', async () => {
    bench = await startBench();
    const fault = bench.proxy.armCustom<{ shout: string }>(
      {
        name: 'shout',
        summary: 'writes a comment behind each frame',
        params: { shout: 'text' },
        start: ({ shout }, context) => ({
          onFrame: async (frame, next) => {
            await next(frame);
            if (context.claim() && (await next(Buffer.from(`: ${shout}\n\n`)))) context.fire({ shout });
          },
        }),
      },
      { shout: 'hey' },
    );
    const client = await bench.stream();
    bench.write(event(1));
    expect(await bodyWith(client, 'hey')).toBe(`${event(1)}: hey\n\n`);
    expect(await fault.fired).toMatchObject({ shout: 'hey' });
  });
});

describe('close', () => {
  it('leaves no socket, whatever state the connections are in', async () => {
    bench = await startBench();
    const streaming = await bench.stream();
    bench.proxy.arm({ name: 'black-hole', times: 1 });
    const unanswered = bench.client();
    unanswered.get();
    bench.proxy.arm({ name: 'half-open', on: { nth: 3 } });
    await bench.proxy.armCustom({ name: 'probe', summary: '', params: {}, start: () => ({}) }, {}).heal();
    const idle = bench.client();
    await once(idle.socket, 'connect');
    while (bench.proxy.connections().length < 3) await sleep(5);
    await bench.proxy.close();
    await Promise.all(
      [streaming, unanswered, idle].map(({ socket }) => socket.closed || once(socket, 'close')),
    );
    expect(bench.proxy.connections()).toEqual([]);
    const upstreamOpen = bench.responses.filter(({ destroyed }) => !destroyed);
    for (const response of upstreamOpen) await once(response, 'close');
  });
});
