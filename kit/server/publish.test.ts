import { CloudEvent } from 'cloudevents';
import { afterEach, describe, expect, it } from 'vitest';
import { createEventStream, type EventStream, type EventStreamOptions } from './event-stream.ts';
import type { ServerFact } from './facts.ts';
import { connect } from './testing/fake-request.ts';

describe('publish', () => {
  const streams: EventStream[] = [];
  const facts: ServerFact[] = [];

  afterEach(async () => {
    facts.length = 0;
    for (const stream of streams.splice(0)) await stream.close();
  });

  function make(options: EventStreamOptions = {}) {
    const stream = createEventStream({ observe: (fact) => facts.push(fact), ...options });
    streams.push(stream);
    return stream;
  }

  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it.each([
    ['', {}, 'ERR_INVALID_EVENT_TYPE'],
    ['tick\nid: 999', {}, 'ERR_CONTROL_CHARACTER'],
    ['tick\0', {}, 'ERR_CONTROL_CHARACTER'],
    ['stream.open', {}, 'ERR_RESERVED_EVENT_TYPE'],
    ['tick', undefined, 'ERR_INVALID_DATA'],
    ['tick', () => 1, 'ERR_INVALID_DATA'],
    ['tick', 1n, 'ERR_INVALID_DATA'],
    ['tick', 'x'.repeat(1000), 'ERR_EVENT_TOO_LARGE'],
    ['tick', 'ž'.repeat(400), 'ERR_EVENT_TOO_LARGE'],
  ])('refuses type %j with data %.20s as %s, and nothing is appended', async (type, data, code) => {
    const stream = make({ maxEventBytes: 500 });
    await expect(stream.publish(type, data)).rejects.toMatchObject({ name: 'SseKitError', code });
    expect(stream.stats().head).toBe(0);
    expect(facts).toEqual([expect.objectContaining({ kind: 'publish-failed', code })]);
  });

  it('refuses metadata that could break out of a header or a log line', async () => {
    const stream = make();
    await expect(stream.publish('tick', 1, { extensions: { tenant: 'a\r\nb' } })).rejects.toMatchObject({
      code: 'ERR_CONTROL_CHARACTER',
    });
    await expect(stream.publish('tick', 1, { traceparent: 'x' })).rejects.toMatchObject({
      code: 'ERR_INVALID_TRACEPARENT',
    });
  });

  it('counts bytes, not characters', async () => {
    const stream = make({ maxEventBytes: 502 });
    await stream.publish('tick', 'x'.repeat(500));
    await stream.publish('tick', 'ž'.repeat(250));
    await expect(stream.publish('tick', 'ž'.repeat(251))).rejects.toMatchObject({
      code: 'ERR_EVENT_TOO_LARGE',
    });
  });

  it('gives concurrent publications distinct positions in the order of the calls', async () => {
    const stream = make();
    const ids = await Promise.all(Array.from({ length: 20 }, (_, n) => stream.publish('tick', n)));
    expect(ids.map((id) => Number(id.split('.')[1]))).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
  });

  it('writes an envelope that the CloudEvents SDK accepts, with metadata and trace', async () => {
    const stream = make({ name: 'orders', source: '/shop/orders' });
    const client = await connect(stream);
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const data = { text: 'a "quoted"\nline', nested: [1, null] };
    const id = await stream.publish('order.paid', data, {
      traceparent,
      extensions: { tenant: 'acme', retries: 2 },
    });
    await settled();
    const envelope = JSON.parse(client.frames.at(-1)?.data ?? '');
    expect(new CloudEvent(envelope).validate()).toBe(true);
    expect(envelope).toMatchObject({
      id,
      source: '/shop/orders',
      data,
      traceparent,
      tenant: 'acme',
      retries: 2,
    });
  });

  it('can leave out the event field, and the envelope', async () => {
    const plain = make({ eventField: false });
    const first = await connect(plain);
    await plain.publish('tick', 1);
    await settled();
    expect(first.frames.at(-1)).toMatchObject({ event: 'message' });
    expect(JSON.parse(first.frames.at(-1)?.data ?? '')).toMatchObject({ type: 'tick', data: 1 });

    const bare = make({ envelope: 'bare' });
    const second = await connect(bare);
    await bare.publish('token', 'two\nlines');
    await bare.publish('usage', { tokens: 2 });
    await settled();
    expect(second.frames.slice(-2).map(({ event, data }) => [event, data])).toEqual([
      ['token', 'two\nlines'],
      ['usage', '{"tokens":2}'],
    ]);
    await expect(bare.publish('token', '')).rejects.toMatchObject({ code: 'ERR_EMPTY_DATA' });
  });

  it('writes a burst of one turn as one block, and a single event without waiting', async () => {
    const stream = make();
    const client = await connect(stream);
    const blocks: number[] = [];
    const write = client.write.bind(client);
    client.write = (block) => {
      blocks.push(block.bytes.length);
      return write(block);
    };
    const burst = [1, 2, 3].map((n) => stream.publish('tick', n));
    await Promise.all(burst);
    expect(blocks).toHaveLength(1);
    await stream.publish('tick', 4);
    expect(client.ids).toHaveLength(4);
  });

  it('keeps an observer that throws away from the stream', async () => {
    const uncaught: unknown[] = [];
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => uncaught.push(error));
    try {
      const stream = make({
        observe: () => {
          throw new Error('broken observer');
        },
      });
      const client = await connect(stream);
      await stream.publish('tick', 1);
      await settled();
      expect(client.ids).toHaveLength(1);
      expect(uncaught.map(String)).toContain('Error: broken observer');
    } finally {
      for (const stream of streams.splice(0)) await stream.close();
      await settled();
      process.removeAllListeners('uncaughtException');
      for (const listener of listeners) process.on('uncaughtException', listener);
    }
  });

  it.each([
    { heartbeatMs: 0 },
    { writeStallMs: Number.NaN },
    { retryJitter: 2 },
    { maxConnections: 0 },
    { acceptPerSecond: 0 },
    { heartbeatMs: 2 ** 31 },
    { cors: { origins: '*' as const, credentials: true } },
    { name: 'cut \ud83d' },
    { name: 'cut \ud83d', source: '/streams/cut' },
  ])('refuses the contradictory option %j at the door', (options) => {
    expect(() => createEventStream(options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
  });
});
