import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Wire } from '../history/types.ts';
import { decodeWire } from './wire.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n';

function bytes(parts: readonly (string | Uint8Array)[], connection = 'c1'): Wire[] {
  return parts.map((part, i) => ({
    at: i,
    kind: 'wire',
    tap: 't',
    connection,
    direction: 'down',
    event: 'bytes',
    base64: Buffer.from(part).toString('base64'),
  }));
}

const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)};x=1\r\n${text}\r\n`;
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunk('id: 1\ndata: ä')}${chunk('öü\n\n: hi\n\nid: 2\nevent: tick\ndata: b\n\n')}0\r\n\r\n`;

describe('the decoder of recorded bytes', () => {
  it('reads chunked bodies, events and comments, wherever the bytes were split', () => {
    const all = Buffer.from(CHUNKED);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: all.length }), { maxLength: 12 }), (cuts) => {
        const ends = [...cuts, all.length].sort((a, b) => a - b);
        const parts = ends.map((end, i) => all.subarray(ends[i - 1] ?? 0, end));
        const [connection] = decodeWire(bytes(parts));
        expect(connection?.statuses).toEqual([200]);
        expect(connection?.events.map(({ id, event, data }) => [id, event, data])).toEqual([
          ['1', undefined, 'äöü'],
          ['2', 'tick', 'b'],
        ]);
        expect(connection?.comments).toEqual(['hi']);
        expect(connection?.partial).toBe(false);
      }),
    );
  });

  it('reads a second response on the same connection, after a body of known length and a 1xx', () => {
    const text =
      'HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusyHTTP/1.1 103 Early\r\n\r\nHTTP/1.1 204 No\r\n\r\n';
    const [connection] = decodeWire(bytes([text, `${HEAD}\r\nid: 9\ndata: x\n\n`]));
    expect(connection?.statuses).toEqual([503, 204, 200]);
    expect(connection?.events.map((event) => event.id)).toEqual(['9']);
  });

  it('tells a connection that waits for a request from one that waits for an answer or its end', () => {
    const idle = (records: Wire[]) => decodeWire(records)[0]?.idle;
    const asked = (at: number): Wire => {
      return { at, kind: 'wire', tap: 't', connection: 'c1', direction: 'up', event: 'bytes', bytes: 90 };
    };
    expect(idle([asked(0), ...bytes([CHUNKED])])).toBe(true);
    expect(idle([asked(0), ...bytes([CHUNKED.slice(0, -5)])])).toBe(false);
    expect(idle([asked(0), ...bytes([CHUNKED]), asked(9)])).toBe(false);
    expect(idle([asked(0)])).toBe(false);
  });

  it('does not dispatch an event without its blank line, and says that it was partial', () => {
    const [connection] = decodeWire(bytes([`${HEAD}\r\nid: 1\ndata: x\n\nid: 2\ndata: y\n`]));
    expect(connection?.events.map((event) => event.id)).toEqual(['1']);
    expect(connection?.partial).toBe(true);
  });

  it('reads up to where bytes were not kept any more, and guesses at nothing after it', () => {
    const [before = '', after = ''] = [
      `${HEAD}\r\nid: 1\ndata: x\n\nid: 2\ndata: `,
      'y\n\nid: 3\ndata: z\n\n',
    ];
    const [first, last] = bytes([before, after]) as [Wire, Wire];
    const { base64: _, ...place } = first;
    const [connection] = decodeWire([first, { ...place, bytes: 100, truncated: true }, last]);
    expect(connection?.events.map((event) => event.id)).toEqual(['1']);
    expect(connection).toMatchObject({ partial: false, bytesDown: before.length + 100 + after.length });
  });

  it('keeps connections apart and tells how each ended', () => {
    const records: Wire[] = [
      ...bytes([`${HEAD}\r\nid: 1\n`], 'a'),
      ...bytes([`${HEAD}\r\ndata: other\n\n`], 'b'),
      ...bytes(['data: x\n\n'], 'a'),
      { at: 9, kind: 'wire', tap: 't', connection: 'a', direction: 'down', event: 'rst' },
      { at: 9, kind: 'wire', tap: 't', connection: 'b', direction: 'up', event: 'fin' },
    ];
    const [a, b] = decodeWire(records);
    expect([a?.downEnd, a?.upEnd, b?.downEnd, b?.upEnd]).toEqual(['rst', null, null, 'fin']);
    expect(a?.events.map((event) => event.id)).toEqual(['1']);
    expect(b?.events.map((event) => event.data)).toEqual(['other']);
  });

  it('goes silent instead of throwing on framing that nobody can read', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 }), (parts) => {
        expect(() => decodeWire(bytes(parts))).not.toThrow();
      }),
    );
    const [connection] = decodeWire(
      bytes([`${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\nid: 1\ndata: x\n\n`]),
    );
    expect(connection?.events).toEqual([]);
  });

  it('counts bytes that were not kept', () => {
    const counted: Wire = {
      at: 0,
      kind: 'wire',
      tap: 't',
      connection: 'c',
      direction: 'down',
      event: 'bytes',
      bytes: 700,
    };
    expect(decodeWire([counted])).toMatchObject([{ bytesDown: 700, events: [] }]);
  });
});
