// Load process of the fan-out bench: opens raw sockets (no HTTP client's cost), counts events by the marker in their
// payload and measures publish-to-arrival time. Counting is one indexOf walk, so that this process is not the bottleneck.
// The marker is one byte: no border between two reads can hide it.
import { connect, type Socket } from 'node:net';
import { serveParent } from '../support/child.ts';

const MARK = '~'.charCodeAt(0);
/** What follows the marker: unix milliseconds with three decimals. */
const TIME_LENGTH = 17;
const buffer = Buffer.alloc(65_536);
const sockets: Socket[] = [];
let events = 0;
let latencies: number[] = [];
let wanted = Number.POSITIVE_INFINITY;
let reached: (() => void) | null = null;

function onData(chunk: Buffer): void {
  let at = chunk.indexOf(MARK);
  const now = performance.timeOrigin + performance.now();
  while (at !== -1) {
    events += 1;
    // One in 16 is timed, unless a read ended within its time.
    if ((events & 15) === 0 && at + TIME_LENGTH < chunk.length) {
      latencies.push(now - Number(chunk.toString('latin1', at + 1, at + 1 + TIME_LENGTH)));
    }
    at = chunk.indexOf(MARK, at + 1);
  }
  if (events >= wanted) reached?.();
}

function open(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    // One buffer for all: a read of its own would cost this process more than the server's write cost that.
    const onread = {
      buffer,
      callback(bytes: number) {
        resolve();
        onData(buffer.subarray(0, bytes));
        return true;
      },
    };
    const socket = connect({ port, host: '127.0.0.1', onread });
    socket.setNoDelay(true);
    socket.once('error', reject);
    socket.write('GET /events HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n\r\n');
    sockets.push(socket);
  });
}

type Message =
  | { op: 'open'; port: number; count: number }
  | { op: 'close'; count: number }
  | { op: 'await'; events: number }
  | { op: 'reset' };

serveParent(async (message: Message) => {
  if (message.op === 'open') {
    for (let i = 0; i < message.count; i += 50) {
      await Promise.all(Array.from({ length: Math.min(50, message.count - i) }, () => open(message.port)));
    }
    return { open: sockets.length };
  }
  if (message.op === 'close') {
    for (const socket of sockets.splice(0, message.count)) socket.destroy();
    return { ok: true };
  }
  if (message.op === 'reset') {
    events = 0;
    latencies = [];
    wanted = Number.POSITIVE_INFINITY;
    return { ok: true };
  }
  wanted = message.events;
  if (events < wanted) {
    await new Promise<void>((resolve) => {
      reached = resolve;
    });
  }
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor(share * (latencies.length - 1))] ?? 0;
  return { events, p50: at(0.5), p99: at(0.99) };
});
