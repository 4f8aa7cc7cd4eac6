import { afterEach, describe, expect, it } from 'vitest';
import type { FaultSpec } from '../index.ts';
import { type Bench, bodyWith, event, startBench } from '../testing/bench.ts';
import { bodyText, type ParsedResponse, parseResponse } from '../testing/raw-client.ts';

let bench: Bench;
afterEach(() => bench.close());

/** The whole response to one request with this fault in place; the upstream would answer `ok`. */
async function answer(fault: FaultSpec): Promise<ParsedResponse> {
  bench = await startBench((_, response) => response.setHeader('X-Up', '1').end('ok'));
  bench.proxy.arm(fault);
  return ask();
}

async function ask(): Promise<ParsedResponse> {
  const client = bench.client();
  client.get('/events');
  const response = parseResponse(await client.until((bytes) => parseResponse(bytes)?.complete === true));
  if (!response) throw new Error('no response');
  return response;
}

const headerOf = (response: ParsedResponse, name: string): string | undefined =>
  response.head.headers.find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];

describe('a status', () => {
  it.each([401, 403, 204, 429, 500, 503])('%i is answered once, without the upstream', async (status) => {
    const response = await answer({ name: 'status', status });
    expect(response.head.status).toBe(status);
    expect(bench.requests).toHaveLength(0);
    expect(bench.fired()).toEqual([expect.objectContaining({ status })]);
    expect((await ask()).head.status).toBe(200);
  });

  it('may be answered n times, on one connection', async () => {
    bench = await startBench((_, response) => response.end('ok'));
    bench.proxy.arm({ name: 'status', status: 401, times: 2, body: '{"error":1}' });
    const client = bench.client();
    const statuses: (number | undefined)[] = [];
    for (let n = 0; n < 3; n++) {
      client.forget();
      client.get();
      statuses.push(
        parseResponse(await client.until((bytes) => parseResponse(bytes)?.complete === true))?.head.status,
      );
    }
    expect(statuses).toEqual([401, 401, 200]);
  });

  it('carries Retry-After in seconds, as a date, or as it is', async () => {
    const inSeconds = await answer({ name: 'status', status: 503, retryAfter: 7 });
    expect(headerOf(inSeconds, 'retry-after')).toBe('7');
    await bench.close();
    const asDate = await answer({ name: 'status', status: 503, retryAfterDateMs: 60_000 });
    const date = Date.parse(headerOf(asDate, 'retry-after') ?? '');
    expect(date - Date.now()).toBeGreaterThan(50_000);
    expect(date - Date.now()).toBeLessThan(61_000);
    await bench.close();
    const odd = await answer({ name: 'status', status: 503, retryAfter: 'soon' });
    expect(headerOf(odd, 'retry-after')).toBe('soon');
  });
});

describe('a redirect', () => {
  it.each([
    [301, '/elsewhere', '/elsewhere'],
    [302, '', ''],
    [307, undefined, '/events'],
    [308, null, undefined],
  ] as const)('%i with Location %j', async (status, location, expected) => {
    const target = location === undefined ? {} : { location };
    const response = await answer({ name: 'redirect', status, ...target });
    expect(response.head.status).toBe(status);
    expect(headerOf(response, 'location')).toBe(expected);
    expect(bench.fired()).toHaveLength(1);
  });
});

describe('a wrong content type', () => {
  it('stands over the events of the upstream', async () => {
    const response = await answer({ name: 'wrong-type', type: 'text/event-streamx' });
    expect(headerOf(response, 'content-type')).toBe('text/event-streamx');
    expect(response.body.toString()).toBe('ok');
    expect(bench.fired()).toEqual([expect.objectContaining({ type: 'text/event-streamx', was: null })]);
  });

  it('stands over a body of its own', async () => {
    const response = await answer({ name: 'wrong-type', type: 'application/json', body: '{"error":"x"}' });
    expect(response.head.status).toBe(200);
    expect(response.body.toString()).toBe('{"error":"x"}');
    expect(bench.requests).toHaveLength(0);
    expect(bench.fired()).toHaveLength(1);
  });
});

describe('headers', () => {
  it('of the response are added, replaced and stripped', async () => {
    const response = await answer({ name: 'headers', set: { 'X-New': 'a', 'X-Up': '2' }, remove: ['date'] });
    expect(headerOf(response, 'x-new')).toBe('a');
    expect(headerOf(response, 'x-up')).toBe('2');
    expect(headerOf(response, 'date')).toBeUndefined();
    expect(bench.fired()).toEqual([expect.objectContaining({ removed: ['date'] })]);
  });

  it('of the request are stripped before the upstream sees them', async () => {
    bench = await startBench();
    bench.proxy.arm({ name: 'headers', of: 'request', remove: ['Last-Event-ID'] });
    await bench.stream({ 'Last-Event-ID': '5' });
    expect(bench.requests[0]?.headers['last-event-id']).toBeUndefined();
    expect(bench.fired()).toEqual([expect.objectContaining({ of: 'request' })]);
  });

  it('that are as wished already prove nothing', async () => {
    await answer({ name: 'headers', set: { 'X-Up': '1' }, remove: ['X-None'] });
    expect(bench.fired()).toEqual([]);
  });
});

describe('a slow first byte', () => {
  it.each(['head', 'body'] as const)('delays the %s and loses nothing', async (part) => {
    bench = await startBench();
    bench.proxy.arm({ name: 'slow-first-byte', ms: 250, part });
    const startedAt = Date.now();
    const opening = bench.stream();
    while (bench.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    bench.write(event(1));
    const client = await opening;
    const headAfterMs = Date.now() - startedAt;
    expect(await bodyWith(client, event(1))).toBe(event(1));
    expect(Date.now() - startedAt).toBeGreaterThan(240);
    if (part === 'head') expect(headAfterMs).toBeGreaterThan(240);
    expect(bench.fired()).toEqual([expect.objectContaining({ part, delayedMs: 250 })]);
    expect(bench.requests).toHaveLength(1);
  });

  it('comes at once when healed, and then proves nothing', async () => {
    bench = await startBench();
    const fault = bench.proxy.arm({ name: 'slow-first-byte', ms: 60_000 });
    const opening = bench.stream();
    while (bench.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await fault.heal();
    await opening;
    expect(fault.firings).toBe(0);
  });
});

describe('a byte script', () => {
  it('is sent byte for byte, each piece as a chunk of its own', async () => {
    bench = await startBench();
    bench.proxy.arm({ name: 'byte-script', bytes: 'data: é\r\r', splitAt: [7, 9] });
    const client = bench.client();
    client.get();
    const received = await client.until((bytes) => parseResponse(bytes)?.complete === true);
    const body = received.subarray(received.indexOf('\r\n\r\n') + 4).toString('latin1');
    expect(body).toBe('7\r\ndata: \xc3\r\n2\r\n\xa9\r\r\n1\r\n\r\r\n0\r\n\r\n');
    expect(bench.requests).toHaveLength(0);
    expect(bench.fired()).toEqual([expect.objectContaining({ scriptBytes: 10, splitAt: [7, 9] })]);
  });

  it('may be split at every position, one request each', async () => {
    bench = await startBench();
    const bytes = 'id: 1\r\ndata: ü\r\n\r\n';
    for (let at = 0; at <= Buffer.byteLength(bytes); at++) {
      bench.proxy.arm({ name: 'byte-script', bytes, splitAt: [at] });
      expect((await ask()).body.toString()).toBe(bytes);
    }
  });

  it('may bring its own head, and end as it likes', async () => {
    bench = await startBench();
    const raw = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: x\n\n';
    bench.proxy.arm({ name: 'byte-script', bytes: raw, raw: true });
    bench.proxy.arm({ name: 'byte-script', bytes: 'data: y', end: 'rst', on: { nth: 2 } });
    const first = bench.client();
    first.get();
    expect(await first.ended).toBe('fin');
    expect(first.received().toString()).toBe(raw);
    const second = bench.client();
    second.get();
    expect(await second.ended).toBe('rst');
    expect(bodyText(second)).toBe('data: y');
    expect(bench.fired()).toHaveLength(2);
  });
});
