import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { parseEnvelope, parseHeartbeat, parseHeartbeatEvent } from '../../kit/protocol/index.ts';
import { readFrame } from '../sse-proxy/sse/frame.ts';
import { createSplitter } from '../sse-proxy/sse/splitter.ts';
import type { Ending, Exchange, Purpose, SeenFrame, SeenPiece } from './types.ts';

/** A request to make. */
export interface ExchangeRequest {
  readonly purpose: Purpose;
  readonly url: URL;
  readonly method?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly cursor?: string | null;
}

/** An exchange under way. */
export interface LiveExchange {
  /** What was seen so far, as if it ended now by us. */
  seen(): Exchange;
  /** Waits until this holds, the exchange is over, or the time has come (on the clock of the audit). */
  until(holds: (seen: Exchange) => boolean, deadlineAt: number): Promise<void>;
  close(): void;
}

/** A stranger's server may send without end. */
const MAX_FRAMES = 5000;
const MAX_BYTES = 32 << 20;
const MAX_FRAME_BYTES = 1 << 20;
const MAX_DATA = 4096;

/** Makes a request and writes down what comes, and when. @param now the clock of the audit, in milliseconds. */
export function openExchange(request: ExchangeRequest, now: () => number): LiveExchange {
  const { purpose, url, method = 'GET', cursor = null } = request;
  const sentAt = now();
  const frames: SeenFrame[] = [];
  const pieces: SeenPiece[] = [];
  const waits = new Set<() => void>();
  let response: IncomingMessage | null = null;
  let headAt: number | null = null;
  let ending: Ending | null = null;

  const changed = () => {
    for (const check of [...waits]) check();
  };
  const end = (how: Ending) => {
    ending ??= how;
    outgoing.destroy();
    changed();
  };
  const read = createReader((frame) => frames.push(frame));
  const outgoing = (url.protocol === 'https:' ? https : http).request(url, {
    method,
    agent: false,
    headers: {
      ...(method === 'GET' ? { accept: 'text/event-stream', 'cache-control': 'no-cache' } : {}),
      connection: 'keep-alive',
      'accept-encoding': purpose === 'uncompressed' ? 'identity' : 'gzip, deflate, br',
      ...request.headers,
      ...(cursor === null ? {} : { 'last-event-id': Buffer.from(cursor).toString('latin1') }),
    },
  });
  outgoing.on('response', (incoming) => {
    response = incoming;
    headAt = now();
    const unpack = decompressor(incoming.headers['content-encoding']);
    const body = unpack ? incoming.pipe(unpack) : incoming;
    let bytes = 0;
    body.on('data', (chunk: Buffer) => {
      const at = now();
      bytes += chunk.length;
      const endsInside = read(chunk, at);
      if (pieces.length < MAX_FRAMES) pieces.push({ at, bytes: chunk.length, endsInside: endsInside > 0 });
      const tooMuch = bytes > MAX_BYTES || frames.length >= MAX_FRAMES || endsInside > MAX_FRAME_BYTES;
      if (tooMuch) end({ by: 'us', at });
      else changed();
    });
    // Bytes that are not what content-encoding says, or a cut in the middle of a block; `close` tells the rest.
    unpack?.on('error', (error) => end({ by: 'cut', at: now(), message: error.message }));
    incoming.on('error', (error) => end({ by: 'cut', at: now(), message: error.message }));
    incoming.on('end', () => end({ by: 'server', at: now() }));
    incoming.on('close', () => end({ by: 'cut', at: now(), message: 'the connection was lost' }));
    changed();
  });
  outgoing.on('error', (error) => end({ by: 'cut', at: now(), message: error.message }));
  outgoing.end();

  const seen = (): Exchange => ({
    purpose,
    sentAt,
    cursor,
    headAt,
    status: response?.statusCode ?? 0,
    httpVersion: response?.httpVersion ?? '',
    headers: Object.fromEntries(
      Object.entries(response?.headers ?? {}).map(([name, value]) => [name, [value].flat().join(', ')]),
    ),
    frames,
    pieces,
    ending: ending ?? { by: 'us', at: now() },
  });
  return {
    seen,
    close: () => end({ by: 'us', at: now() }),
    until: (holds, deadlineAt) =>
      new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer);
          waits.delete(check);
          resolve();
        };
        const check = () => {
          if (ending !== null || holds(seen())) done();
        };
        const timer = setTimeout(done, Math.max(0, deadlineAt - now()));
        waits.add(check);
        check();
      }),
  };
}

function decompressor(coding: string | undefined): Duplex | null {
  const zlib = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };
  if (coding === 'gzip' || coding === 'x-gzip') return createGunzip(zlib);
  if (coding === 'deflate') return createInflate(zlib);
  if (coding === 'br') {
    return createBrotliDecompress({
      flush: constants.BROTLI_OPERATION_FLUSH,
      finishFlush: constants.BROTLI_OPERATION_FLUSH,
    });
  }
  return null;
}

/** Cuts bytes into frames. @returns of each piece how many bytes of an incomplete frame are there after it. */
function createReader(onFrame: (frame: SeenFrame) => void): (chunk: Buffer, at: number) => number {
  const splitter = createSplitter();
  let unread: Buffer[] = [];
  let size = 0;
  return (chunk, at) => {
    for (const { from, to, ends, stray } of splitter.push(chunk)) {
      if (stray) continue;
      unread.push(chunk.subarray(from, to));
      size += to - from;
      if (!ends) continue;
      const frame = seenFrame(Buffer.concat(unread), at);
      if (frame) onFrame(frame);
      unread = [];
      size = 0;
    }
    return size;
  };
}

function seenFrame(bytes: Buffer, at: number): SeenFrame | null {
  const { kind, type, id, data, lines } = readFrame(bytes);
  if (kind === 'blank') return null;
  const valuesOf = (field: string) => lines.flatMap((line) => (line.field === field ? [line.value] : []));
  const comments = valuesOf('');
  return {
    at,
    kind,
    type,
    id,
    data: data?.slice(0, MAX_DATA) ?? null,
    comment: comments.length > 0 ? comments.join('\n') : null,
    retry: valuesOf('retry').at(-1) ?? null,
    stampedAt: stampOf(comments[0] ?? '', data),
    bytes: bytes.length,
  };
}

/** When the server wrote it: heartbeats of this kit and envelopes say so. */
function stampOf(comment: string, data: string | null): number | null {
  const beat = data === null ? parseHeartbeat(comment) : parseHeartbeatEvent(data);
  if (beat) return beat.unixMs;
  const read = data?.startsWith('{') ? parseEnvelope(data) : null;
  const time = read?.ok ? Date.parse(String(read.envelope.time)) : Number.NaN;
  return Number.isNaN(time) ? null : time;
}
