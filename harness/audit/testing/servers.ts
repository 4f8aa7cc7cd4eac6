import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGzip } from 'node:zlib';

/** A server that a test started. */
export interface TestServer {
  readonly url: string;
  readonly port: number;
  stop(): void;
}

export async function serve(handler: RequestListener): Promise<TestServer> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/events`,
    port,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** What is wrong with a server; without anything, it does what the specification asks for and no more. */
export interface RawServer {
  readonly ids?: boolean;
  readonly contentType?: string;
  /** Milliseconds between events; 0 for none after the first two. */
  readonly everyMs?: number;
  /** What a cursor is answered with. */
  readonly onCursor?: 'after' | 'skips-one' | 'from-start' | 'from-cursor' | 'live';
  /** Compressed, and never flushed. */
  readonly gzip?: boolean;
  /** Length of each event's data. */
  readonly size?: number;
  /** With the time of publication, as a CloudEvents envelope. */
  readonly stamped?: boolean;
  /** A comment so often. */
  readonly heartbeatMs?: number;
}

/** A server that is not ours, on node:http alone, with one log for all clients. */
export async function rawServer(options: RawServer = {}): Promise<TestServer> {
  const { ids = true, contentType = 'text/event-stream', everyMs = 100, onCursor = 'after' } = options;
  const { size = 10, stamped = false, gzip = false, heartbeatMs = 0 } = options;
  const log: string[] = [];
  const readers = new Set<(frame: string) => void>();
  const publish = () => {
    const n = log.length + 1;
    const data = { n, text: 'x'.repeat(size) };
    const envelope = { specversion: '1.0', id: String(n), source: '/raw', type: 'tick', data };
    const time = new Date().toISOString();
    const body = JSON.stringify(stamped ? { ...envelope, time } : data);
    const frame = `${ids ? `id: ${n}\n` : ''}event: tick\ndata: ${body}\n\n`;
    log.push(frame);
    for (const write of readers) write(frame);
  };
  publish();
  publish();
  const timer = everyMs > 0 ? setInterval(publish, everyMs) : undefined;
  const server = await serve((request, response) => {
    if (request.method !== 'GET') {
      response.writeHead(405, { allow: 'GET' }).end();
      return;
    }
    const packs = gzip && /gzip/.test(`${request.headers['accept-encoding']}`);
    const headers = { 'content-type': contentType, 'cache-control': 'no-cache, no-transform' };
    response.writeHead(200, { ...headers, ...(packs ? { 'content-encoding': 'gzip' } : {}) });
    response.flushHeaders();
    const body = packs ? packer(response) : response;
    const asked = request.headers['last-event-id'];
    const cursor = Number(asked);
    // Without a cursor, or with one that it does not know, the last two; `live` looks at none.
    const recent = log.length - 2;
    const after = {
      after: cursor,
      'skips-one': cursor + 1,
      'from-cursor': cursor - 1,
      'from-start': 0,
      live: log.length,
    }[onCursor];
    const known = asked === undefined || Number.isNaN(after) ? recent : after;
    for (const frame of log.slice(known)) body.write(frame);
    const write = (frame: string) => body.write(frame);
    readers.add(write);
    const beat = heartbeatMs > 0 ? setInterval(() => body.write(': hb\n\n'), heartbeatMs) : undefined;
    response.once('close', () => {
      clearInterval(beat);
      readers.delete(write);
    });
  });
  return {
    ...server,
    stop() {
      clearInterval(timer);
      server.stop();
    },
  };
}

function packer(response: ServerResponse) {
  const gzip = createGzip();
  gzip.pipe(response);
  return gzip;
}
