import { type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { constants, createGunzip } from 'node:zlib';
import { SseKitError } from '../../kit/protocol/index.ts';
import { nowMs } from './clock.ts';

/** A response read without any client library: what the server says to a bystander. */
export interface RawStream {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Everything that came so far. */
  text(): string;
  /** When each event came, by its id, in unix ms. */
  readonly arrivals: ReadonlyMap<string, number>;
  /** Waits until one of these stands in what came. */
  until(...parts: readonly string[]): Promise<void>;
  /** Resolves when the response is over, by whichever side. */
  readonly ended: Promise<void>;
  close(): void;
}

const PATIENCE_MS = 15_000;

/** Sends a request and reads the answer. */
export function openRawStream(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<RawStream> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, (response) => {
      let text = '';
      let unread = '';
      const arrivals = new Map<string, number>();
      const waits = new Set<() => void>();
      const packed = response.headers['content-encoding'] === 'gzip';
      const body = packed ? response.pipe(createGunzip({ flush: constants.Z_SYNC_FLUSH })) : response;
      body.on('error', () => response.destroy()); // cut inside a block; told by `ended`
      body.setEncoding('utf8');
      body.on('data', (chunk: string) => {
        text = `${text}${chunk}`.slice(-65_536);
        const frames = (unread + chunk).split('\n\n');
        unread = frames.pop() ?? '';
        for (const frame of frames) {
          const id = /^id: (.*)$/m.exec(frame)?.[1];
          if (id !== undefined && !arrivals.has(id)) arrivals.set(id, nowMs());
        }
        for (const check of waits) check();
      });
      const ended = new Promise<void>((done) => response.once('close', done));
      response.on('error', () => response.destroy()); // told by `ended`; a cut is what some scenarios want
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        text: () => text,
        arrivals,
        ended,
        until: (...parts) =>
          new Promise((done, fail) => {
            const timer = setTimeout(() => {
              waits.delete(check);
              const message = `waited ${PATIENCE_MS} ms in vain for ${parts.map((part) => JSON.stringify(part)).join(' or ')} in:\n${text}`;
              fail(new SseKitError('ERR_SCENARIO_TIMEOUT', message));
            }, PATIENCE_MS);
            const check = () => {
              if (!parts.some((part) => text.includes(part) || arrivals.has(part))) return;
              clearTimeout(timer);
              waits.delete(check);
              done();
            };
            waits.add(check);
            check();
          }),
        close: () => sent.destroy(),
      });
    });
    sent.once('error', reject);
    sent.end();
  });
}

/** Opens a connection, sends these bytes, and never reads. */
export function openMuteSocket(url: string, bytes: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.pause();
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', () => socket.destroy()); // the server may cut it: that is its good right
      socket.write(bytes, () => resolve(socket));
    });
  });
}
