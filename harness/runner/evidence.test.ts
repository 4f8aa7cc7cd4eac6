import { describe, expect, it } from 'vitest';
import type { HistoryRecord } from '../history/types.ts';
import { CLIENT_TAP } from './client-tap.ts';
import { clientHangups, openConnections, publicationDelays, wireBytes, wireChunksSince } from './evidence.ts';

const chunk = (at: number, tap: string, text: string): HistoryRecord => ({
  at,
  kind: 'wire',
  tap,
  connection: `${tap}:1`,
  direction: 'down',
  event: 'bytes',
  bytes: text.length,
  base64: Buffer.from(text).toString('base64'),
});
const produced = (at: number, id: string): HistoryRecord => ({
  at,
  kind: 'produced',
  stream: 's',
  id,
  type: 't',
  digest: 'd',
});

describe('evidence on the wire', () => {
  it('measures delay from the acknowledgement to the chunk with the id line, not a longer id', () => {
    const records = [
      produced(0, 'e.1'),
      chunk(90, CLIENT_TAP, 'id: e.10\n'),
      chunk(250, CLIENT_TAP, 'event: t\nid: e.1\n'),
    ];
    expect(publicationDelays(records, 0)).toEqual([250]);
  });

  it('finds an id line whether or not the server writes a space, and however it ends its lines', () => {
    for (const line of ['id:e.1\n', 'id: e.1\r\n', 'id: e.1\r']) {
      expect(publicationDelays([produced(0, 'e.1'), chunk(5, CLIENT_TAP, line)], 0), line).toEqual([5]);
    }
  });

  it('measures delay from the server to the client where nobody acknowledges publications', () => {
    const records = [
      chunk(1, 'server', 'id: 1\r\ndata: before\r\n\r\n'),
      chunk(2, CLIENT_TAP, 'id: 1\r\ndata: before\r\n\r\n'),
      chunk(10, 'server', 'id:2\ndata: a\n\nid:3\ndata: b\n\n'),
      chunk(110, CLIENT_TAP, 'id:2\ndata: a\n\n'),
      chunk(210, CLIENT_TAP, 'id:3\ndata: b\n\n'),
    ];
    expect(publicationDelays(records, 5)).toEqual([100, 200]);
  });

  it('counts bytes up to a moment and chunks from a moment on', () => {
    const records = [chunk(1, 'server', 'abc'), chunk(5, 'server', 'de'), chunk(6, CLIENT_TAP, 'abc')];
    const server = (tap: string) => tap === 'server';
    expect(wireBytes(records, server)).toBe(5);
    expect(wireBytes(records, server, 4)).toBe(3);
    expect(wireChunksSince(records, 5, server)).toBe(1);
  });

  it('counts a connection as open until either direction has ended', () => {
    const open = [chunk(1, 'server', 'a'), chunk(1, CLIENT_TAP, 'a')];
    const end: HistoryRecord = {
      at: 2,
      kind: 'wire',
      tap: 'server',
      connection: 'server:1',
      direction: 'up',
      event: 'fin',
    };
    expect(openConnections(open)).toBe(2);
    expect(openConnections([...open, end])).toBe(1);
  });

  it('tells connections that the client gave up from those that were taken from it', () => {
    const ended = (connection: string, direction: 'up' | 'down', event: 'fin' | 'rst'): HistoryRecord => ({
      at: 2,
      kind: 'wire',
      tap: CLIENT_TAP,
      connection,
      direction,
      event,
    });
    const taken = [ended('client:1', 'down', 'fin'), ended('client:1', 'up', 'fin')];
    const givenUp = [ended('client:2', 'up', 'rst'), ended('client:2', 'down', 'rst')];
    expect(clientHangups([chunk(1, CLIENT_TAP, 'a'), ...taken])).toBe(0);
    expect(clientHangups([...taken, ...givenUp, ended('client:3', 'up', 'fin')])).toBe(2);
  });
});
