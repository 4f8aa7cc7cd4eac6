import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { SocketReader } from './socket-reader.ts';

describe('how a socket ends', () => {
  it.each([
    ['ECONNRESET', 'rst'],
    ['EPIPE', 'rst'], // the same reset, noticed by a write
    ['EHOSTUNREACH', 'lost'],
  ])('%s is told as %s', (code, how) => {
    const socket = new EventEmitter();
    const ends: string[] = [];
    new SocketReader(socket as Socket, { onEnd: (end) => ends.push(end) });
    socket.emit('error', Object.assign(new Error(code), { code }));
    socket.emit('close');
    expect(ends).toEqual([how]);
  });
});
