import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeHeartbeat, encodeHeartbeatEvent, parseHeartbeat, parseHeartbeatEvent } from './heartbeat.ts';

const beats = fc.record({
  head: fc.record({
    epoch: fc.stringMatching(/^[A-Za-z0-9_~-]{8,64}$/),
    seq: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  }),
  unixMs: fc.nat({ max: 8.64e15 }),
});
const beat = { head: { epoch: 'epochepo', seq: 9 }, unixMs: 1_790_000_000_000 };

describe('a heartbeat', () => {
  it('comes back as it went, as a comment, without touching cursor or handlers', () => {
    fc.assert(
      fc.property(beats, (heartbeat) => {
        const comments: string[] = [];
        let events = 0;
        const parser = createParser({ onComment: (text) => comments.push(text), onEvent: () => events++ });
        parser.feed(encodeHeartbeat(heartbeat));
        expect(comments.map(parseHeartbeat)).toEqual([heartbeat]);
        expect(events).toBe(0);
        expect(encodeHeartbeat(heartbeat)).not.toMatch(/^id:/m);
      }),
    );
  });

  it('comes back as it went, as an event without an id', () => {
    fc.assert(
      fc.property(beats, (heartbeat) => {
        const seen: unknown[] = [];
        createParser({
          onEvent: ({ event, id, data }) => seen.push([event, id, parseHeartbeatEvent(data)]),
        }).feed(encodeHeartbeatEvent(heartbeat));
        expect(seen).toEqual([['stream.heartbeat', undefined, heartbeat]]);
      }),
    );
  });

  it('looks as PROTOCOL.md says', () => {
    expect(encodeHeartbeat(beat)).toBe(': hb epochepo.9 1790000000000\n\n');
  });

  it('names the head of each stream on a response that carries several', () => {
    const heads = [
      { stream: 'a/1', position: beat.head },
      { stream: 'b', position: { epoch: 'epochepp', seq: 0 } },
    ];
    const read = { ...beat, heads };
    const text = 'a%2F1=epochepo.9;b=epochepp.0';
    expect(parseHeartbeat(`hb ${text} ${beat.unixMs}`)).toEqual(read);
    expect(parseHeartbeatEvent(JSON.stringify({ head: text, unixMs: beat.unixMs }))).toEqual(read);
    expect(parseHeartbeat(`hb ${text}; ${beat.unixMs}`)).toBeNull();
  });

  it('takes the time of a high-resolution clock', () => {
    const precise = { ...beat, unixMs: beat.unixMs + 0.75 };
    expect(parseHeartbeat(encodeHeartbeat(precise).slice(2).trim())).toEqual(beat);
    expect(encodeHeartbeatEvent(precise)).toContain('"unixMs":1790000000000}');
  });

  it.each([
    '',
    'keepalive',
    'hb',
    'hb epochepo.9',
    'hb bad.9 1',
    'hb epochepo.9 1.5',
    'hb epochepo.9 -1',
    'hb epochepo.9 1 2',
  ])('is not seen in the comment %j', (comment) => {
    expect(parseHeartbeat(comment)).toBeNull();
  });

  it.each([
    '',
    'null',
    '[]',
    '{}',
    '{"head":"epochepo.9"}',
    '{"head":"bad","unixMs":1}',
    '{"head":"epochepo.9","unixMs":1e999}',
    '{"head":"epochepo.9","unixMs":-1}',
    '{"head":"epochepo.9","unixMs":"1"}',
    '{"head":["epochepo.9"],"unixMs":1}',
  ])('is not seen in the event data %j', (data) => {
    expect(parseHeartbeatEvent(data)).toBeNull();
  });
});
