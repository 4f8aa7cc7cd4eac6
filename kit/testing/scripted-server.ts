import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** One request as the server saw it, and the means to answer it byte by byte. */
export interface Exchange {
  /** 1 for the first request of this server. */
  readonly number: number;
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly lastEventId: string | null;
  readonly at: number;
  /** Resolves with the body when it was read. */
  readonly body: Promise<string>;
  readonly response: http.ServerResponse;
  readonly socket: Socket;
  /** Resolves when the client let go. */
  readonly closed: Promise<void>;
  /** Sends the head of an event stream. */
  open(headers?: Record<string, string>): void;
  /** Sends bytes as a chunk of their own. */
  write(bytes: string | Uint8Array): Promise<void>;
  /** Ends the response. */
  end(bytes?: string): void;
  /** Ends the connection as a crash does, without ending the response. */
  cut(): void;
}

export interface ScriptedServer {
  readonly url: string;
  readonly exchanges: Exchange[];
  /** Connections that are open now. */
  readonly open: () => number;
  close(): Promise<void>;
}

/** A real server whose answers are written out by a test. */
export async function scriptedServer(
  script: (exchange: Exchange) => void | Promise<void>,
): Promise<ScriptedServer> {
  const exchanges: Exchange[] = [];
  const sockets = new Set<Socket>();
  const server = http.createServer((request, response) => {
    const { socket } = request;
    socket.setNoDelay(true);
    const exchange: Exchange = {
      number: exchanges.length + 1,
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      lastEventId: (request.headers['last-event-id'] as string | undefined) ?? null,
      at: performance.now(),
      body: readAll(request),
      response,
      socket,
      closed: new Promise((resolve) => response.once('close', () => resolve())),
      open(headers = {}) {
        response.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
        response.flushHeaders();
      },
      write: (bytes) =>
        new Promise((resolve) => {
          if (!response.headersSent) exchange.open();
          // A turn of the loop after the write, so that two writes are two chunks to the client as well.
          response.write(bytes, () => setTimeout(resolve, 2));
        }),
      end(bytes) {
        if (!response.headersSent) exchange.open();
        response.end(bytes ?? '');
      },
      cut: () => void socket.destroy(),
    };
    exchanges.push(exchange);
    void script(exchange);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/stream`,
    exchanges,
    open: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

async function readAll(request: http.IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
