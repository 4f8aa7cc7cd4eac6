import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEventStream, type EventStream, type EventStreamOptions } from '../server/index.ts';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { webHandler } from './web.ts';

describe('a fetch-style response', () => {
  let clock: VirtualClock;
  const streams: EventStream[] = [];

  beforeEach(() => {
    clock = new VirtualClock();
  });

  afterEach(async () => {
    for (const stream of streams.splice(0)) await stream.close();
    await clock.advance(0);
    expect(clock.pending, 'timers left').toBe(0);
  });

  function make(options: EventStreamOptions = {}): EventStream {
    const stream = createEventStream({ clock, heartbeat: 'off', ...options });
    streams.push(stream);
    return stream;
  }

  async function open(stream: EventStream) {
    const response = await webHandler(stream)(new Request('http://localhost/events'));
    if (!response.body) throw new Error(`no body: ${response.status}`);
    return response.body.getReader();
  }

  it('is cut at the deadline of a drain when its reader does not read', async () => {
    const stream = make();
    const reader = await open(stream);
    for (let n = 0; n < 20; n++) {
      await stream.publish('bulk', 'x'.repeat(10_000));
      await clock.advance(0);
    }
    const draining = stream.drain({ withinMs: 1000 });
    await clock.advance(1000);
    expect(await draining).toMatchObject({ connections: 1, cut: 1 });
    await expect(reader.read()).rejects.toThrow('cut');
  });

  it('ends in good order once its reader has read what was written', async () => {
    const stream = make();
    const reader = await open(stream);
    await stream.publish('tick', 1);
    await clock.advance(0);
    const draining = stream.drain({ withinMs: 1000 });
    await clock.advance(100);
    let text = '';
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += Buffer.from(part.value).toString();
    }
    expect(text).toMatch(/^event: stream\.open[\s\S]*event: tick[\s\S]*event: stream\.drain\n[\s\S]*\n\n$/);
    await clock.advance(0);
    expect(await draining).toMatchObject({ connections: 1, cut: 0 });
  });
});
