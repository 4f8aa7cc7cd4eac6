import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../testing/virtual-clock.ts';
import type { Clock } from './clock.ts';
import { createEventStream, type EventStream } from './event-stream.ts';
import { connect, type FakeClient } from './testing/fake-request.ts';

/** Writing to a connection takes this much of the clock's time. */
const WRITE_MS = 0.125;
const CROWD = 64;
const FLUSH_MS = CROWD * WRITE_MS;

describe('the fan-out to a crowd, where a write takes time', () => {
  let clock: VirtualClock;
  let stream: EventStream;
  let writes: number;

  beforeEach(() => {
    clock = new VirtualClock();
    writes = 0;
    const busy: Clock = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic() + writes * WRITE_MS,
      setTimeout: (callback, delayMs) => clock.setTimeout(callback, delayMs),
    };
    stream = createEventStream({ name: 's', clock: busy, random: () => 0.5 });
  });

  afterEach(async () => {
    await stream.close();
    await clock.advance(0);
    expect(clock.pending, 'timers left').toBe(0);
  });

  async function crowd(size = CROWD): Promise<FakeClient[]> {
    const clients = await Promise.all(Array.from({ length: size }, () => connect(stream)));
    for (const client of clients) {
      const write = client.write.bind(client);
      client.write = (block) => {
        writes += 1;
        return write(block);
      };
    }
    return clients;
  }

  const publish = async (count: number) => {
    for (let n = 0; n < count; n++) await stream.publish('tick', n);
    await Promise.resolve();
  };
  const received = (clients: readonly FakeClient[]) => [...new Set(clients.map(({ ids }) => ids.length))];

  it('writes the first publication at once, and those that come right after it together', async () => {
    const clients = await crowd();
    await publish(1);
    expect(received(clients)).toEqual([1]);
    const before = writes;
    await publish(3);
    expect(received(clients)).toEqual([1]);
    await clock.advance(FLUSH_MS - 1);
    expect(received(clients)).toEqual([1]);
    await clock.advance(1);
    expect(received(clients)).toEqual([4]);
    expect(writes - before).toBe(CROWD);
  });

  it('lets no publication wait that leaves the loop idle half of the time', async () => {
    const clients = await crowd();
    for (let n = 1; n <= 10; n++) {
      await publish(1);
      expect(received(clients)).toEqual([n]);
      await clock.advance(FLUSH_MS);
    }
  });

  it('holds nothing for longer than 10 ms, however large the crowd is', async () => {
    const clients = await crowd(10 * CROWD);
    await publish(1);
    await publish(1);
    await clock.advance(10);
    expect(received(clients)).toEqual([2]);
  });

  it('does not wait for a few readers', async () => {
    const clients = await crowd(31);
    for (let n = 1; n <= 10; n++) {
      await publish(1);
      expect(received(clients)).toEqual([n]);
    }
  });

  it('writes what is held before the responses end', async () => {
    const clients = await crowd();
    await publish(1);
    await publish(3);
    expect(received(clients)).toEqual([1]);
    const drained = stream.drain({ withinMs: 1000 });
    await clock.advance(1000);
    await drained;
    expect(received(clients)).toEqual([4]);
    expect(clients.every(({ state }) => state === 'ended')).toBe(true);
  });

  it('writes what is held before the responses are cut', async () => {
    const clients = await crowd();
    await publish(1);
    await publish(3);
    await stream.close();
    expect(received(clients)).toEqual([4]);
  });

  it('writes what is held when somebody joins, who gets nothing twice', async () => {
    const clients = await crowd();
    await publish(1);
    await publish(3);
    const late = await connect(stream, { cursor: clients[0]?.ids[0] ?? '' });
    expect(received([...clients, late])).toEqual([4, 3]);
    await publish(1);
    await clock.advance(10);
    expect(received(clients)).toEqual([5]);
    expect(late.ids).toHaveLength(4);
  });

  it('heartbeats name what was written, never what is held', async () => {
    const clients = await crowd();
    await publish(1);
    await publish(3);
    for (const { comments, ids } of clients) {
      const heads = comments.flatMap((comment) => /^hb \S+\.(\d+) /.exec(comment)?.[1] ?? []);
      expect(heads.every((head) => Number(head) <= ids.length)).toBe(true);
    }
    await clock.advance(10);
  });

  it('leaves no timer when the crowd goes away meanwhile', async () => {
    const clients = await crowd();
    await publish(1);
    await publish(1);
    for (const client of clients) client.leave();
    await clock.advance(0);
    expect(clock.pending).toBe(0);
  });
});
