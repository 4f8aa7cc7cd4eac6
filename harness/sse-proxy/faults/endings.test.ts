import { afterEach, describe, expect, it } from 'vitest';
import { afterEvent } from '../index.ts';
import { type Bench, bodyWith, event, startBench } from '../testing/bench.ts';
import { bodyText, parseResponse } from '../testing/raw-client.ts';

let bench: Bench;
afterEach(() => bench.close());

describe('a cut inside an event', () => {
  const second = 'id: 2\nevent: t\ndata: grün 日本\n\n';
  it.each([
    ['id-line', 'id: 2\n'],
    ['data', 'id: 2\nevent: t\ndata: gr'],
    ['blank-line', 'id: 2\nevent: t\ndata: grün 日本\n'],
  ] as const)('at its %s leaves exactly the bytes before', async (inside, part) => {
    bench = await startBench();
    const fault = bench.proxy.arm({ name: 'cut-event', event: 2, inside });
    const client = await bench.stream();
    bench.write(event(1) + second + event(3));
    expect(await client.ended).toBe('fin');
    const bytesOfEvent = Buffer.byteLength(part);
    const received = parseResponse(client.received())?.body.subarray(event(1).length);
    expect(received?.length).toBe(inside === 'data' ? received?.length : bytesOfEvent);
    expect(Buffer.from(second).subarray(0, received?.length)).toEqual(received);
    expect(await fault.fired).toMatchObject({ inside, cutId: '2', bytesOfEvent: received?.length, event: 1 });
  });

  it('falls between two bytes of a character, and waits for an event that has one', async () => {
    bench = await startBench();
    bench.proxy.arm({ name: 'cut-event', inside: 'utf8' });
    const client = await bench.stream();
    bench.write(event(1) + second);
    await client.ended;
    const received = parseResponse(client.received())?.body.subarray(event(1).length);
    expect(received).toEqual(Buffer.concat([Buffer.from('id: 2\nevent: t\ndata: gr'), Buffer.from([0xc3])]));
  });

  it('never leaves a whole event when the place is left to chance', async () => {
    for (const random of [0, 0.5, 0.999]) {
      bench = await startBench(undefined, { random: () => random });
      const fault = bench.proxy.arm({ name: 'cut-event', inside: 'random', how: 'rst' });
      const client = await bench.stream();
      bench.write(event(1));
      expect(await client.ended).toBe('rst');
      expect(bodyText(client).length).toBeGreaterThan(0);
      expect(bodyText(client).length).toBeLessThan(event(1).length);
      expect(await fault.fired).toMatchObject({ ended: 'rst' });
      await bench.close();
    }
  });

  it('refuses the event number 0', async () => {
    bench = await startBench();
    expect(() => bench.proxy.arm({ name: 'cut-event', event: 0 })).toThrow(/1 or more/);
  });
});

describe('a cut by time', () => {
  it('ends what has been silent, and only that', async () => {
    bench = await startBench();
    const fault = bench.proxy.arm({ name: 'idle-cut', idleMs: 300 });
    const client = await bench.stream();
    const startedAt = Date.now();
    const beats = setInterval(() => bench.write(': hb\n\n'), 50);
    setTimeout(() => clearInterval(beats), 700);
    expect(await client.ended).toBe('fin');
    expect(Date.now() - startedAt).toBeGreaterThan(900);
    expect(await fault.fired).toMatchObject({ idleMs: 300, ended: 'fin' });
  });

  it('ends a response after its total time, heartbeats or not', async () => {
    bench = await startBench();
    const fault = bench.proxy.arm({ name: 'lifetime-cut', ms: 300, how: 'clean' });
    const client = await bench.stream();
    const beats = setInterval(() => bench.write(': hb\n\n'), 50);
    await client.until((bytes) => parseResponse(bytes)?.complete === true);
    clearInterval(beats);
    expect(await fault.fired).toMatchObject({ afterMs: 300, ended: 'clean' });
    expect(client.socket.readyState).toBe('open');
  });
});

describe('half-open', () => {
  it('loses everything that follows, also what is written much later', async () => {
    bench = await startBench();
    const fault = bench.proxy.arm({ name: 'half-open', trigger: afterEvent(1) });
    const client = await bench.stream();
    bench.write(event(1) + event(2));
    expect(await fault.fired).toMatchObject({ event: 1, ended: 'half-open' });
    bench.write(event(3));
    bench.responses[0]?.end();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(bodyText(client)).toBe(event(1));
    expect(client.socket.readyState).toBe('open');
    expect(bench.proxy.connections()).toHaveLength(1);
  });
});

describe('connections that never answer', () => {
  it.each(['fin', 'rst'] as const)('are closed by %s once the request has arrived', async (how) => {
    bench = await startBench();
    const fault = bench.proxy.arm({ name: 'accept-then-close', how });
    const client = bench.client();
    client.get();
    expect(await client.ended).toBe(how);
    expect(client.received()).toHaveLength(0);
    expect(bench.requests).toHaveLength(0);
    expect(await fault.fired).toMatchObject({ ended: how, unanswered: true });
  });

  it('stay open in a black hole', async () => {
    bench = await startBench();
    const fault = bench.proxy.arm({ name: 'black-hole' });
    const client = bench.client();
    client.get('/x');
    expect(await fault.fired).toMatchObject({ unanswered: '/x' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(client.received()).toHaveLength(0);
    expect(client.socket.readyState).toBe('open');
    expect(bench.requests).toHaveLength(0);
  });
});

describe('the phantom resend', () => {
  it('closes a reused connection before any header, after the upstream has seen the request', async () => {
    bench = await startBench();
    bench.proxy.arm({ name: 'cut', how: 'clean', trigger: afterEvent(1) });
    const fault = bench.proxy.arm({ name: 'phantom-resend' });
    const client = await bench.stream();
    bench.write(event(1));
    await client.until((bytes) => parseResponse(bytes)?.complete === true);
    client.forget();
    client.get('/again');
    expect(await client.ended).toBe('fin');
    expect(client.received()).toHaveLength(0);
    expect(bench.requests.map(({ url }) => url)).toEqual(['/events', '/again']);
    expect(await fault.fired).toMatchObject({ reused: true, forwarded: true, exchange: 2 });
    const third = await bench.stream();
    bench.write(event(2));
    expect(await bodyWith(third, event(2))).toBe(event(2));
  });
});
