import { encodeStreamOpen } from '../protocol/control.ts';
import { formatVector, parseVector } from '../protocol/vector-cursor.ts';
import type { MemoryExchange } from '../testing/index.ts';
import type { ConnectOptions } from './index.ts';
import { virtualClient } from './virtual.fixture.ts';

export const NAMES = ['orders', 'chat/room 1', 'c'] as const;
export type Name = (typeof NAMES)[number];
const epochOf = (name: Name): string => `epoch-of-${NAMES.indexOf(name)}`;
export type Marks = Record<Name, number>;
export const zero = (): Marks => ({ orders: 0, 'chat/room 1': 0, c: 0 });

/** The vector of a frame of `own`, on a response that wrote up to `marks`. */
export function vector(own: Name, seq: number, marks: Marks): string {
  const entry = (stream: Name, at: number) => ({ stream, position: { epoch: epochOf(stream), seq: at } });
  const others = NAMES.filter((name) => name !== own).map((name) => entry(name, marks[name]));
  return formatVector([entry(own, seq), ...others]);
}
export const event = (own: Name, seq: number, marks: Marks) =>
  `id: ${vector(own, seq, marks)}\ndata: ${JSON.stringify(`${own} ${seq}`)}\n\n`;
export const beat = (heads: Marks, unixMs: number) =>
  `: hb ${vector('orders', heads.orders, heads)} ${unixMs}\n\n`;

/** What a request asks for, per stream; 0 where it names no place. */
function askedFor({ request }: MemoryExchange): Marks {
  const marks = zero();
  for (const { stream, position } of parseVector(request.headers['last-event-id'] ?? '') ?? []) {
    if (stream in marks && position.epoch === epochOf(stream as Name)) marks[stream as Name] = position.seq;
  }
  return marks;
}

export function opening(exchange: MemoryExchange, heads: Marks): Marks {
  const marks = askedFor(exchange);
  const resume = exchange.request.headers['last-event-id'] === undefined ? 'fresh' : 'ok';
  for (const stream of NAMES) {
    const epoch = epochOf(stream);
    const body = { stream, epoch, head: heads[stream], oldest: 1, resume, connection: 'c' } as const;
    exchange.write(
      encodeStreamOpen({ ...body, heartbeatMs: 0, protocol: 1 }, vector(stream, marks[stream], marks)),
    );
  }
  return marks;
}

export const run = (serve: (exchange: MemoryExchange) => void, options: ConnectOptions = {}) =>
  virtualClient(serve, { retry: { baseMs: 100, maxMs: 100, jitter: 0 }, ...options });
