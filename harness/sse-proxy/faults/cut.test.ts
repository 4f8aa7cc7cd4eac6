import { afterEach, describe, expect, it } from 'vitest';
import { afterEvent, afterOpen, atByte } from '../index.ts';
import { type Bench, bodyWith, event, startBench } from '../testing/bench.ts';
import { bodyText, parseResponse } from '../testing/raw-client.ts';

let bench: Bench;
afterEach(() => bench.close());

describe('cut', () => {
  it('sends FIN after exactly the event named, without the last chunk', async () => {
    bench = await startBench();
    const fault = bench.proxy.arm({ name: 'cut', trigger: afterEvent(2) });
    const client = await bench.stream();
    bench.write(event(1) + event(2) + event(3));
    expect(await client.ended).toBe('fin');
    const response = parseResponse(client.received());
    expect(response?.body.toString()).toBe(event(1) + event(2));
    expect(response?.complete).toBe(false);
    expect(await fault.fired).toMatchObject({ ended: 'fin', event: 2, byte: 42, exchange: 1 });
    expect(fault.state).toBe('spent');
  });

  it('sends a true RST at an exact byte', async () => {
    bench = await startBench();
    const fault = bench.proxy.arm({ name: 'cut', how: 'rst', trigger: atByte(5) });
    const client = await bench.stream();
    bench.write(event(1));
    expect(await client.ended).toBe('rst');
    expect(bodyText(client)).toBe('id: 1');
    expect(await fault.fired).toMatchObject({ ended: 'rst', byte: 5, event: 0 });
    expect(bench.history).toContainEqual(
      expect.objectContaining({ kind: 'wire', direction: 'down', event: 'rst' }),
    );
  });

  it('does not wait for more when the byte is the last of a chunk', async () => {
    bench = await startBench();
    bench.proxy.arm({ name: 'cut', trigger: atByte(event(1).length) });
    const client = await bench.stream();
    bench.write(event(1));
    expect(await client.ended).toBe('fin');
    expect(bodyText(client)).toBe(event(1));
  });

  it('ends cleanly, so that the connection carries the next request', async () => {
    bench = await startBench();
    bench.proxy.arm({ name: 'cut', how: 'clean', trigger: afterEvent(1) });
    const client = await bench.stream();
    bench.write(event(1) + event(2));
    await client.until((bytes) => parseResponse(bytes)?.complete === true);
    expect(bodyText(client)).toBe(event(1));
    const seen = client.received().length;
    client.get('/again');
    await client.until((bytes) => bytes.subarray(seen).includes('\r\n\r\n'));
    expect(bench.requests.map(({ url }) => url)).toEqual(['/events', '/again']);
    expect(bench.proxy.connections()).toHaveLength(1);
  });

  it('leaves the socket half-open, and proves it by the bytes it swallowed', async () => {
    bench = await startBench();
    const fault = bench.proxy.arm({ name: 'cut', how: 'half-open', trigger: afterEvent(1) });
    const client = await bench.stream();
    bench.write(event(1));
    await bodyWith(client, event(1));
    expect(fault.firings).toBe(0);
    bench.write(event(2));
    expect(await fault.fired).toMatchObject({ ended: 'half-open' });
    expect(Number(fault.evidence[0]?.droppedBytes)).toBeGreaterThan(event(2).length);
    expect(bodyText(client)).toBe(event(1));
    expect(client.socket.readyState).toBe('open');
  });

  it('cuts right after stream.open, before the first event', async () => {
    bench = await startBench();
    const open = 'event: stream.open\nid: 0\ndata: {}\n\n';
    bench.proxy.arm({ name: 'cut', trigger: afterOpen() });
    const client = await bench.stream();
    bench.write(open + event(1));
    expect(await client.ended).toBe('fin');
    expect(bodyText(client)).toBe(open);
  });

  it('cuts an open connection at once when armed in the middle', async () => {
    bench = await startBench();
    const client = await bench.stream();
    bench.write(event(1));
    await bodyWith(client, event(1));
    const fault = bench.proxy.arm({ name: 'cut' });
    expect(await client.ended).toBe('fin');
    expect(await fault.fired).toMatchObject({ event: 1 });
  });

  it('acts as often as told, once on each connection', async () => {
    bench = await startBench();
    const fault = bench.proxy.arm({ name: 'cut', times: 2, trigger: afterEvent(1) });
    for (let n = 1; n <= 2; n++) {
      const client = await bench.stream();
      bench.write(event(n));
      expect(await client.ended).toBe('fin');
    }
    const third = await bench.stream();
    bench.write(event(3) + event(4));
    expect(await bodyWith(third, event(4))).toBe(event(3) + event(4));
    expect(fault.firings).toBe(2);
  });

  it('does not fire when its place is never reached', async () => {
    bench = await startBench();
    const fault = bench.proxy.arm({ name: 'cut', trigger: afterEvent(9) });
    const client = await bench.stream();
    bench.write(event(1));
    await bodyWith(client, event(1));
    await fault.heal();
    expect(fault.firings).toBe(0);
    expect(bench.fired()).toEqual([]);
  });
});
