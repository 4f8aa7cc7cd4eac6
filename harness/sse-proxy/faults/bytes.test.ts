import { brotliDecompressSync, constants, gunzipSync, inflateSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { afterEvent } from '../index.ts';
import { type Bench, bodyWith, event, startBench } from '../testing/bench.ts';
import { bodyText, parseResponse, type RawClient } from '../testing/raw-client.ts';

let bench: Bench;
afterEach(() => bench.close());

const BOM = '\uFEFF';
const quiet = () => new Promise((resolve) => setTimeout(resolve, 100));

async function endOf(client: RawClient): Promise<Buffer> {
  bench.responses.at(-1)?.end();
  const bytes = await client.until((received) => parseResponse(received)?.complete === true);
  return parseResponse(bytes)?.body ?? Buffer.alloc(0);
}

describe('a buffering proxy', () => {
  it('gives nothing, not even the head, before its buffer is full', async () => {
    bench = await startBench();
    const fault = bench.proxy.arm({ name: 'buffering', bytes: 100 });
    const client = bench.client();
    client.get();
    while (bench.requests.length === 0) await quiet();
    bench.write(event(1));
    expect(await fault.fired).toMatchObject({ heldBytes: event(1).length, bufferBytes: 100 });
    await quiet();
    expect(client.received()).toHaveLength(0);
    bench.write(event(2).repeat(4));
    expect(await bodyWith(client, event(2))).toBe(event(1) + event(2).repeat(4));
  });

  it('gives what it holds when the response ends, or when healed', async () => {
    bench = await startBench();
    const fault = bench.proxy.arm({ name: 'buffering', head: false });
    const client = await bench.stream();
    bench.write(event(1));
    await fault.fired;
    expect(bodyText(client)).toBe('');
    await fault.heal();
    expect(await bodyWith(client, event(1))).toBe(event(1));
    bench.proxy.arm({ name: 'buffering' });
    bench.write(event(2));
    expect((await endOf(client)).toString()).toBe(event(1) + event(2));
  });

  it('releases a held head when healed', async () => {
    bench = await startBench();
    const fault = bench.proxy.arm({ name: 'buffering' });
    const client = bench.client();
    client.get();
    while (bench.requests.length === 0) await quiet();
    await quiet();
    expect(client.received()).toHaveLength(0);
    await fault.heal();
    await client.until((bytes) => bytes.includes('\r\n\r\n'));
  });
});

describe('trickle', () => {
  it('sends bytes and no frame until healed, and loses nothing', async () => {
    bench = await startBench();
    const fault = bench.proxy.arm({ name: 'trickle', intervalMs: 5, trigger: afterEvent(1) });
    const client = await bench.stream();
    bench.write(event(1) + event(2));
    const trickled = await bodyWith(client, '....');
    expect(trickled).toMatch(/\n\n:\.{4,}$/);
    expect(await fault.fired).toMatchObject({ waiting: '2' });
    await fault.heal();
    expect(await bodyWith(client, event(2))).toMatch(/^[^.]*\n\n:\.+\n\nid: 2\ndata: event 2\n\n$/);
  });
});

describe('rechunking', () => {
  /** Sizes of the HTTP chunks received. */
  const chunks = (client: RawClient): number[] => {
    const bytes = client.received();
    const sizes: number[] = [];
    let at = bytes.indexOf('\r\n\r\n') + 4;
    while (at < bytes.length) {
      const end = bytes.indexOf('\r\n', at);
      const size = Number.parseInt(bytes.toString('latin1', at, end), 16);
      sizes.push(size);
      at = end + 2 + size + 2;
    }
    return sizes;
  };

  it('leaves chunks of the sizes asked for and the same bytes', async () => {
    bench = await startBench();
    const fault = bench.proxy.arm({ name: 'rechunk', sizes: [3, 5] });
    const client = await bench.stream();
    bench.write(event(1));
    expect((await endOf(client)).toString()).toBe(event(1));
    expect(chunks(client)).toEqual([3, 5, 3, 5, 3, 2, 0]);
    expect(await fault.fired).toMatchObject({ pieces: 6, ofBytes: 21 });
  });

  it('makes single bytes', async () => {
    bench = await startBench();
    bench.proxy.arm({ name: 'rechunk' });
    const client = await bench.stream();
    bench.write('data: é\n\n');
    await endOf(client);
    expect(chunks(client)).toEqual([...new Array(10).fill(1), 0]);
  });

  it('splits at offsets of the body', async () => {
    bench = await startBench();
    bench.proxy.arm({ name: 'rechunk', at: [1, 20] });
    const client = await bench.stream();
    bench.write(event(1) + event(2));
    expect((await endOf(client)).toString()).toBe(event(1) + event(2));
    expect(chunks(client)).toContain(19);
    expect(chunks(client)[0]).toBe(1);
  });
});

describe('chunk framing', () => {
  it.each([
    ['bad-size', 'zz\r\n'],
    ['huge-size', 'ffffffffffffffffff\r\n'],
    ['early-last-chunk', '0\r\n\r\n5\r\n'],
  ] as const)('is broken by %s after whole chunks, then closed', async (kind, raw) => {
    bench = await startBench();
    const fault = bench.proxy.arm({ name: 'bad-chunking', kind, trigger: afterEvent(1) });
    const client = await bench.stream();
    bench.write(event(1));
    expect(await client.ended).toBe('fin');
    expect(client.received().toString()).toContain(`\r\n15\r\n${event(1)}\r\n${raw}`);
    expect(await fault.fired).toMatchObject({ kind });
  });

  it('is not said to be broken where there is none', async () => {
    bench = await startBench((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Content-Length': '21' }).end(event(1));
    });
    const fault = bench.proxy.arm({ name: 'bad-chunking' });
    const client = await bench.stream();
    expect(await bodyWith(client, event(1))).toBe(event(1));
    expect(fault.firings).toBe(0);
  });
});

describe('compression', () => {
  const decode = {
    gzip: (bytes: Buffer) => gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }),
    deflate: (bytes: Buffer) => inflateSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }),
    br: (bytes: Buffer) => brotliDecompressSync(bytes, { finishFlush: constants.BROTLI_OPERATION_FLUSH }),
  };

  it.each(['gzip', 'deflate', 'br'] as const)(
    'by %s gives each event at once when it flushes',
    async (encoding) => {
      bench = await startBench();
      bench.proxy.arm({ name: 'compress', encoding, flush: true });
      const client = await bench.stream();
      bench.write(event(1));
      await client.until((bytes) => (parseResponse(bytes)?.body.length ?? 0) > 0);
      expect(decode[encoding](parseResponse(client.received())?.body ?? Buffer.alloc(0)).toString()).toBe(
        event(1),
      );
      expect(client.received().toString('latin1')).toContain(`Content-Encoding: ${encoding}`);
      expect(bench.fired()).toEqual([expect.objectContaining({ encoding, flush: true })]);
    },
  );

  it('keeps events inside when it does not flush, until the end', async () => {
    bench = await startBench();
    const fault = bench.proxy.arm({ name: 'compress' });
    const client = await bench.stream();
    bench.write(event(1));
    await quiet();
    expect(parseResponse(client.received())?.body.length).toBeLessThanOrEqual(10); // the gzip header alone
    await fault.heal(); // a compressed response stays compressed
    bench.write(event(2));
    expect(gunzipSync(await endOf(client)).toString()).toBe(event(1) + event(2));
  });
});

describe('newlines', () => {
  it.each([
    ['cr', '\r'],
    ['crlf', '\r\n'],
    ['lf', '\n'],
  ] as const)('become %s, also where a CRLF comes in two chunks', async (to, ending) => {
    bench = await startBench();
    const fault = bench.proxy.arm({ name: 'newlines', to });
    const client = await bench.stream();
    bench.write('id: 1\r');
    await client.until((bytes) => bytes.includes('id: 1'));
    bench.write('\ndata: a\rdata: é\n\n');
    const text = (await endOf(client)).toString();
    expect(text).toBe(['id: 1', 'data: a', 'data: é', '', ''].join(ending));
    expect(await fault.fired).toMatchObject({ to });
  });

  it('may be mixed, and stay the same lines', async () => {
    bench = await startBench();
    bench.proxy.arm({ name: 'newlines', to: 'mixed' });
    const client = await bench.stream();
    bench.write(event(1).repeat(20));
    const text = (await endOf(client)).toString();
    expect(text.split(/\r\n|\r|\n/)).toEqual(event(1).repeat(20).split('\n'));
    expect(new Set(text.match(/\r\n|\r|\n/g)).size).toBe(3);
  });
});

describe('a byte order mark', () => {
  it('comes at the start, once', async () => {
    bench = await startBench();
    const fault = bench.proxy.arm({ name: 'bom', times: 'always' });
    const client = await bench.stream();
    bench.write(event(1) + event(2));
    expect((await endOf(client)).toString('utf8')).toBe(BOM + event(1) + event(2));
    expect(fault.evidence).toEqual([expect.objectContaining({ bomAt: 0 })]);
  });

  it('comes in the middle, where it spoils a line', async () => {
    bench = await startBench();
    bench.proxy.arm({ name: 'bom', trigger: afterEvent(1) });
    const client = await bench.stream();
    bench.write(event(1) + event(2));
    expect((await endOf(client)).toString('utf8')).toBe(event(1) + BOM + event(2));
  });
});
