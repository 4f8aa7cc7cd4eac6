import { afterEach, describe, expect, it } from 'vitest';
import { afterEvent, afterId, type FaultSpec, onEvent } from '../index.ts';
import { type Bench, bodyWith, event, startBench } from '../testing/bench.ts';
import { bodyText, type RawClient } from '../testing/raw-client.ts';

let bench: Bench;
afterEach(() => bench.close());

const HEARTBEAT = ': hb epoch000.9 1\n\n';
const OPEN = 'event: stream.open\nid: 0\ndata: {}\n\n';
const END = 'data: the end\n\n';

/** Arms a fault, lets the upstream write these bytes and an end mark, and returns what the client got before it. */
async function through(fault: FaultSpec, sent: string): Promise<{ body: string; client: RawClient }> {
  bench = await startBench();
  bench.proxy.arm(fault);
  const client = await bench.stream();
  bench.write(sent + END);
  return { body: (await bodyWith(client, END)).replace(END, ''), client };
}

const E = (...numbers: number[]): string => numbers.map(event).join('');

describe('events', () => {
  it('are duplicated as often as told', async () => {
    const { body } = await through({ name: 'duplicate', copies: 2, trigger: onEvent(2) }, E(1, 2, 3));
    expect(body).toBe(E(1, 2, 2, 2, 3));
    expect(bench.fired()).toEqual([
      expect.objectContaining({ id: '2', copies: 2, connection: 'sse-proxy:1' }),
    ]);
  });

  it('do not break the length that a response has promised', async () => {
    bench = await startBench((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Content-Length': '21' }).end(E(1));
    });
    bench.proxy.arm({ name: 'duplicate' });
    const client = await bench.stream();
    expect(await bodyWith(client, E(1, 1))).toBe(E(1, 1));
    expect(client.received().toString()).not.toMatch(/content-length/i);
  });

  it('are duplicated after an id', async () => {
    expect((await through({ name: 'duplicate', trigger: afterId('2') }, E(1, 2, 3))).body).toBe(
      E(1, 2, 3, 3),
    );
  });

  it('change places with their neighbours, past a heartbeat', async () => {
    const { body } = await through({ name: 'swap', trigger: onEvent(2) }, E(1, 2) + HEARTBEAT + E(3, 4));
    expect(body).toBe(E(1) + HEARTBEAT + E(3, 2, 4));
    expect(bench.fired()).toEqual([expect.objectContaining({ first: '3', second: '2' })]);
  });

  it('are not lost when a swap finds no neighbour', async () => {
    bench = await startBench((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.end(E(1));
    });
    const fault = bench.proxy.arm({ name: 'swap' });
    const client = await bench.stream();
    expect(await bodyWith(client, E(1))).toBe(E(1));
    expect(fault.firings).toBe(0);
  });

  it('are let go when a swap is healed in between', async () => {
    bench = await startBench();
    const fault = bench.proxy.arm({ name: 'swap' });
    const client = await bench.stream();
    bench.write(E(1) + HEARTBEAT);
    await bodyWith(client, HEARTBEAT);
    await fault.heal();
    bench.write(E(2));
    expect(await bodyWith(client, E(2))).toBe(HEARTBEAT + E(1, 2));
    expect(fault.firings).toBe(0);
  });

  it('come again when the stream is rewound', async () => {
    const { body } = await through({ name: 'rewind', events: 2, trigger: afterEvent(3) }, E(1, 2, 3, 4));
    expect(body).toBe(E(1, 2, 3, 2, 3, 4));
    expect(bench.fired()).toEqual([expect.objectContaining({ resent: ['2', '3'] })]);
  });

  it('are dropped, as many as told', async () => {
    const { body } = await through(
      { name: 'drop', times: 2, trigger: afterEvent(1) },
      E(1, 2) + HEARTBEAT + E(3, 4),
    );
    expect(body).toBe(E(1) + HEARTBEAT + E(4));
    expect(bench.fired().map(({ id, droppedBytes }) => [id, droppedBytes])).toEqual([
      ['2', E(2).length],
      ['3', E(3).length],
    ]);
  });

  it('all vanish while heartbeats and control frames pass', async () => {
    bench = await startBench();
    const fault = bench.proxy.arm({ name: 'heartbeats-only', trigger: afterEvent(1) });
    const client = await bench.stream();
    bench.write(OPEN + E(1, 2) + HEARTBEAT + E(3) + HEARTBEAT);
    expect(await bodyWith(client, HEARTBEAT + HEARTBEAT)).toBe(OPEN + E(1) + HEARTBEAT + HEARTBEAT);
    expect(fault.firings).toBe(2);
  });

  it('lose their tail when silence follows', async () => {
    bench = await startBench();
    const fault = bench.proxy.arm({ name: 'tail-loss', events: 2, idleMs: 100 });
    const client = await bench.stream();
    bench.write(E(1, 2, 3) + HEARTBEAT);
    expect(await fault.fired).toMatchObject({ lost: ['2', '3'], droppedBytes: E(2, 3).length });
    bench.write(E(4));
    expect(await bodyWith(client, E(4))).toBe(E(1) + HEARTBEAT + E(4));
  });

  it('lose no tail when the tail loss is healed before the silence', async () => {
    bench = await startBench();
    const fault = bench.proxy.arm({ name: 'tail-loss', idleMs: 60_000 });
    const client = await bench.stream();
    bench.write(E(1, 2));
    await bodyWith(client, E(1));
    await fault.heal();
    expect(await bodyWith(client, E(2))).toBe(E(1, 2));
    expect(fault.firings).toBe(0);
  });

  it('come again with the same id and another payload', async () => {
    const json = 'id: 1\ndata: {"id":"a","data":{"n":1}}\n\n';
    const { body } = await through({ name: 'same-id-new-payload', trigger: onEvent(1), times: 1 }, json);
    expect(body).toBe(`${json}id: 1\ndata: {"id":"a","data":"tampered"}\n\n`);
    expect(bench.fired()).toEqual([expect.objectContaining({ id: '1', instead: false })]);
  });

  it('come with another payload instead', async () => {
    const { body } = await through({ name: 'same-id-new-payload', instead: true }, E(1, 2));
    expect(body).toBe(`id: 1\ndata: event 1 tampered\n\n${E(2)}`);
  });

  it('are preceded by an event whose JSON is broken', async () => {
    const good = 'event: order\nid: 2\ndata: {}\n\n';
    const { body } = await through(
      { name: 'malformed-json', data: '{"a":', trigger: afterEvent(1) },
      E(1) + good,
    );
    expect(body).toBe(`${E(1)}event: order\ndata: {"a":\n\n${good}`);
    expect(bench.fired()).toEqual([expect.objectContaining({ inserted: '{"a":', before: '2' })]);
  });

  it('are preceded by bytes of any kind', async () => {
    const { body } = await through({ name: 'insert', bytes: 'id: 99\n\n', trigger: afterEvent(1) }, E(1, 2));
    expect(body).toBe(`${E(1)}id: 99\n\n${E(2)}`);
    expect(bench.fired()).toEqual([expect.objectContaining({ insertedBytes: 8 })]);
  });

  it.each([0, 3_000_000_000, '5x'])('are preceded by retry: %s', async (value) => {
    const { body } = await through({ name: 'retry', value }, E(1));
    expect(body).toBe(`retry: ${value}\n\n${E(1)}`);
    expect(bench.fired()).toHaveLength(1);
  });

  it('pass as they are with the template', async () => {
    expect((await through({ name: 'noop' }, OPEN + E(1, 2))).body).toBe(OPEN + E(1, 2));
    expect(bench.fired()).toEqual([]);
  });
});

describe('ids', () => {
  it.each<[FaultSpec, string]>([
    [{ name: 'strip-id' }, 'data: event 1\n\n'],
    [{ name: 'empty-id' }, 'id: \ndata: event 1\n\n'],
    [{ name: 'replace-id', to: 'other' }, 'id: other\ndata: event 1\n\n'],
    [{ name: 'non-ascii-id' }, 'id: é日🙂1\ndata: event 1\n\n'],
    [{ name: 'hostile-id', kind: 'nul' }, 'id: a\0b\ndata: event 1\n\n'],
  ])('are changed by %j, of one event', async (fault, first) => {
    const { body } = await through(fault, E(1, 2));
    expect(body).toBe(first + E(2));
    expect(bench.fired()).toEqual([expect.objectContaining({ id: '1' })]);
  });

  it('may be bytes that are not UTF-8', async () => {
    const { client } = await through({ name: 'hostile-id', kind: 'invalid-utf8' }, E(1));
    expect(client.received().includes(Buffer.from([0x61, 0xff, 0xfe, 0xc3, 0x0a]))).toBe(true);
  });

  it('may be 64 KiB long', async () => {
    const { body } = await through({ name: 'hostile-id', kind: 'long' }, E(1));
    expect(body.length).toBe(E(1).length - 1 + 64 * 1024);
  });
});

describe('an oversized event', () => {
  it('is one line of exactly the length asked for, between whole events', async () => {
    const { body } = await through(
      { name: 'oversized-event', bytes: 200_001, trigger: afterEvent(1) },
      E(1, 2),
    );
    expect(body).toBe(`${E(1)}data: ${'x'.repeat(200_001)}\n\n${E(2)}`);
    expect(bench.fired()).toEqual([expect.objectContaining({ valueBytes: 200_001, whole: true })]);
  });

  it('is made no faster than the client reads, and says so when the client leaves', async () => {
    bench = await startBench(undefined, { contentBytes: 0 });
    const fault = bench.proxy.arm({ name: 'oversized-event', bytes: 1024 * 1024 * 1024 });
    const client = await bench.stream();
    client.socket.pause();
    bench.write(E(1));
    const sent = (): number => bench.proxy.connections()[0]?.bodyBytes ?? 0;
    let before = -1;
    while (sent() !== before || before < 100_000) {
      before = sent();
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(before).toBeLessThan(48 * 1024 * 1024);
    client.close();
    expect(await fault.fired).toMatchObject({ whole: false });
    expect(fault.state).toBe('spent');
    expect(bodyText(client)).not.toContain('event 1');
  });
});
