// Load process of the fan-out bench: opens raw sockets (no HTTP client's cost), counts events by the marker in their
// payload and measures publish-to-arrival time. Counting is one indexOf walk, so that this process is not the bottleneck.
import { connect, type Socket } from 'node:net';
import { serveParent } from '../support/child.ts';

const MARK = Buffer.from('"mark":"');
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
    // One in 16 is timed: the text after the mark is unix ms with three decimals, 17 characters.
    if ((events & 15) === 0) {
      const sent = Number(chunk.toString('latin1', at + MARK.length, at + MARK.length + 17));
      if (sent > 0) latencies.push(now - sent);
    }
    at = chunk.indexOf(MARK, at + MARK.length);
  }
  if (events >= wanted) reached?.();
}

function open(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    socket.once('error', reject);
    socket.once('data', () => resolve());
    socket.on('data', onData);
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
