import { encodeStreamOpen, type ResumeOutcome } from '../protocol/control.ts';
import type { MemoryExchange } from '../testing/index.ts';
import type { ConnectOptions } from './index.ts';
import { virtualClient } from './virtual.fixture.ts';

export const EPOCH = 'epoch-0001';

/** A place in the stream of these tests. */
export const at = (seq: number) => ({ epoch: EPOCH, seq });

/** The `stream.open` of a response that goes on after `cursor`. */
export const open = (cursor: number, resume: ResumeOutcome = 'fresh', heartbeatMs = 10_000) =>
  encodeStreamOpen(
    { stream: 's', epoch: EPOCH, head: cursor, oldest: 1, resume, heartbeatMs, connection: 'c', protocol: 1 },
    at(cursor),
  );

/** An event of this protocol. */
export const event = (seq: number, data: unknown = seq) =>
  `id: ${EPOCH}.${seq}\ndata: ${JSON.stringify(data)}\n\n`;

/** An event of a server whose ids say nothing to the client. */
export const opaque = (id: string) => `id: ${id}\ndata: "${id}"\n\n`;

/** A client in virtual time whose pauses are whole seconds, without chance. */
export const run = (serve: (exchange: MemoryExchange) => void, options: ConnectOptions = {}) =>
  virtualClient(serve, { retry: { baseMs: 1000, maxMs: 8000, jitter: 0 }, ...options });
