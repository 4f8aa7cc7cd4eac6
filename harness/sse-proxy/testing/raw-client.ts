import { connect, type Socket } from 'node:net';
import { createBodyDecoder } from '../http/body-decoder.ts';
import { responseFraming } from '../http/framing.ts';
import { headLength, parseResponseHead, type ResponseHead } from '../http/head.ts';

/** A client that sees bytes and socket ends, nothing softer. */
export interface RawClient {
  readonly socket: Socket;
  /** All bytes received so far. */
  readonly received: () => Buffer;
  /** Forgets what was received. */
  forget(): void;
  send(text: string | Buffer): void;
  get(path?: string, headers?: Readonly<Record<string, string>>): void;
  /** Resolves when what was received satisfies the condition. */
  until(condition: (received: Buffer) => boolean): Promise<Buffer>;
  /** How the server's side ended: `fin` or `rst`. */
  readonly ended: Promise<'fin' | 'rst'>;
  close(): void;
}

export function rawClient(port: number): RawClient {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  let received = Buffer.alloc(0);
  const checks = new Set<() => void>();
  const failures = new Set<() => void>();
  socket.on('data', (bytes: Buffer) => {
    received = Buffer.concat([received, bytes]);
    for (const check of [...checks]) check();
  });
  socket.once('close', () => {
    for (const fail of failures) fail();
  });
  const ended = new Promise<'fin' | 'rst'>((resolve) => {
    socket.once('end', () => resolve('fin'));
    socket.once('error', () => resolve('rst'));
  });
  const send = (text: string | Buffer): void => void socket.write(text);
  return {
    socket,
    received: () => received,
    forget: () => {
      received = Buffer.alloc(0);
    },
    send,
    get: (path = '/', headers = {}) => {
      const lines = Object.entries({ Host: 'test', ...headers }).map(
        ([name, value]) => `${name}: ${value}\r\n`,
      );
      send(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
    },
    until: (condition) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (!condition(received)) return;
          checks.delete(check);
          failures.delete(fail);
          resolve(received);
        };
        const fail = (): void => {
          reject(new Error(`closed after ${JSON.stringify(received.toString('latin1').slice(-2000))}`));
        };
        checks.add(check);
        failures.add(fail);
        if (socket.destroyed) fail();
        check();
      }),
    ended,
    close: () => void socket.destroy(),
  };
}

export interface ParsedResponse {
  readonly head: ResponseHead;
  readonly body: Buffer;
  /** The body was complete as HTTP demands (never so for a body that the connection's end delimits). */
  readonly complete: boolean;
  /** Bytes after the response. */
  readonly rest: Buffer;
}

/** Reads the first response in some bytes; `null` while there is no whole head. */
export function parseResponse(bytes: Buffer, method = 'GET'): ParsedResponse | null {
  const length = headLength(bytes);
  const head = length < 0 ? null : parseResponseHead(bytes.subarray(0, length));
  if (!head) return null;
  const decoder = createBodyDecoder(responseFraming(method, head));
  const rest = bytes.subarray(length);
  const decoded = rest.length > 0 ? decoder.push(rest) : { payload: [], consumed: 0 };
  return {
    head,
    body: Buffer.concat(decoded.payload),
    complete: decoder.done,
    rest: rest.subarray(decoded.consumed),
  };
}

/** Body received so far, as text. */
export function bodyText(client: RawClient): string {
  return parseResponse(client.received())?.body.toString() ?? '';
}
