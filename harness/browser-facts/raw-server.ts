import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** A request for the stream as it came over the wire. */
export interface RawRequest {
  /** Unix ms. */
  readonly at: number;
  readonly lastEventId: string | null;
  /** Number of the connection it came on, so that a reused one shows. */
  readonly connection: number;
}

/** The answer to one request, byte by byte. */
export interface RawAnswer {
  /** Sends bytes as they are. */
  raw(bytes: string | Uint8Array): void;
  /** A whole head of status 200 and the right type; the body ends with the connection. */
  stream(body: string): void;
  /** A head that keeps the connection, and one chunk. */
  chunked(body: string): void;
  /** A whole response with an empty body. */
  status(status: number, headers?: string): void;
  fin(): void;
  rst(): void;
}

export interface RawServer {
  readonly origin: string;
  readonly requests: readonly RawRequest[];
  /** Decides every answer from the next request on; `n` counts requests of the run from 1. */
  answer: (n: number, answer: RawAnswer) => void;
  /** Refuses new connections and ends open ones. */
  refuse(): Promise<void>;
  /** Listens again on the same port. */
  accept(): Promise<void>;
  close(): Promise<void>;
}

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n';

/** A server without any HTTP of its own, so that it can say what no HTTP library would. `changed` follows each request. */
export async function startRawServer(path: string, changed: () => void): Promise<RawServer> {
  const requests: RawRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;

  const accept = (socket: Socket) => {
    const connection = ++connections;
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy()); // a browser that goes away: its end is what counts
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end);
        text = text.slice(end + 4);
        if (!head.startsWith(`GET ${path} `)) {
          socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
          continue;
        }
        const lastEventId = /^last-event-id: *(.*)$/im.exec(head)?.[1]?.trim() ?? null;
        requests.push({ at: now(), lastEventId, connection });
        server.answer(requests.length, answerOn(socket));
        changed();
      }
    });
  };

  let listener: Server;
  const listen = async (port: number): Promise<number> => {
    listener = createServer(accept).listen(port, '127.0.0.1');
    await once(listener, 'listening');
    return (listener.address() as AddressInfo).port;
  };
  const refuse = async () => {
    const closed = once(listener, 'close');
    listener.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const port = await listen(0);
  const server: RawServer = {
    origin: `http://127.0.0.1:${port}`,
    requests,
    answer: (_, answer) => answer.status(204),
    refuse,
    accept: async () => {
      await listen(port);
    },
    close: async () => {
      if (listener.listening) await refuse();
    },
  };
  return server;
}

function answerOn(socket: Socket): RawAnswer {
  const raw = (bytes: string | Uint8Array) => void socket.write(bytes);
  return {
    raw,
    stream: (body) => raw(`${HEAD}Connection: close\r\n\r\n${body}`),
    chunked: (body) =>
      raw(`${HEAD}Transfer-Encoding: chunked\r\n\r\n${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n`),
    status: (status, headers = '') =>
      raw(`HTTP/1.1 ${status} Status\r\n${headers}${status === 204 ? '' : 'Content-Length: 0\r\n'}\r\n`),
    fin: () => void socket.end(),
    rst: () => void socket.resetAndDestroy(),
  };
}

/** The clock that the page uses too. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
