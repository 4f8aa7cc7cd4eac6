import { Buffer } from 'node:buffer';
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse, Http2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { Block, Sink, SinkEvents } from '../server/index.ts';

/** A request of node:http or of node:http2's compatibility API. */
export type NodeRequest = IncomingMessage | Http2ServerRequest;
/** A response of node:http or of node:http2's compatibility API. */
export type NodeResponse = ServerResponse | Http2ServerResponse;

const CRLF = Buffer.from('\r\n');
/** Up to here a block is copied once into a chunk that all connections share; above, framing is written around it. */
const SHARED_CHUNK_BYTES = 16_384;

/**
 * Sends head (`headers`, beside those set on the response already) and opens the body of a stream. Three ways of writing, by what stands between us and the socket:
 * - HTTP/1.1, nothing in between: pre-framed chunks straight to the socket, one write per block, framed once for all
 *   connections. (`res.write` would frame and cork anew for each: half of the cost of a delivery.)
 * - middleware wrapped `res.write` (compression): `res.write`, and its `flush()` after each block.
 * - HTTP/2, HTTP/1.0: `res.write`.
 */
export function openNodeSink(
  request: NodeRequest,
  response: NodeResponse,
  events: SinkEvents,
  headers: Readonly<Record<string, string>> = {},
): Sink {
  // An unread request body would leave the socket paused, and its end unnoticed.
  request.resume();
  const direct = directSocket(request, response);
  // Headers given to writeHead are not kept for the life of the response, as those given to setHeader are (1 KiB).
  (response as ServerResponse).writeHead(
    response.statusCode,
    direct ? { ...headers, 'Transfer-Encoding': 'chunked' } : headers,
  );
  // HTTP/2's compatibility response has it too, its types do not.
  (response as ServerResponse).flushHeaders();
  return direct && !isWrapped(response)
    ? new SocketSink(response as ServerResponse, direct, events)
    : new ResponseSink(request, response, events);
}

function isHttp2(response: NodeResponse): response is Http2ServerResponse {
  return 'stream' in response;
}

function isWrapped(response: NodeResponse): boolean {
  return response.write !== ServerResponse.prototype.write || response.end !== ServerResponse.prototype.end;
}

/** The socket, where this response owns it (no pipelined response before it) and frames by chunked coding. */
function directSocket(request: NodeRequest, response: NodeResponse): Socket | null {
  if (isHttp2(response) || request.httpVersion !== '1.1') return null;
  return response.headersSent || isWrapped(response) ? null : response.socket;
}

/** Whether the server that accepted a socket has stopped listening: `close()` then waits for this response. */
function listenerClosed(socket: unknown): boolean {
  const server = (socket as { server?: { listening?: boolean } } | null)?.server;
  return server?.listening === false;
}

/** Lets a connection end once what is under way on it is over. */
function letGo(carrier: Socket | Http2Session | undefined): void {
  if (carrier && 'goaway' in carrier) carrier.close();
  else carrier?.destroySoon();
}

/**
 * Tells of the end, also when it came before we listened. `on`, as it comes once by itself: what `once` wraps around a
 * listener would stay for the life of the connection.
 */
function watchClose(response: NodeResponse, onClose: () => void): void {
  const gone = isHttp2(response) ? response.stream.destroyed : response.destroyed || response.writableEnded;
  if (gone) queueMicrotask(onClose);
  else response.on('close', onClose);
}

/**
 * The socket of a response that has to wait until an earlier one on its connection has ended (pipelining); `null` for
 * all others. Such a response hears nothing of its connection: not that it closed, and not that it was destroyed itself.
 */
function queuedBehind(request: NodeRequest, response: NodeResponse): Socket | null {
  return isHttp2(response) || response.socket ? null : (request.socket as Socket);
}

class SocketSink implements Sink {
  readonly #response: ServerResponse;
  readonly #socket: Socket;
  #ended = false;

  constructor(response: ServerResponse, socket: Socket, events: SinkEvents) {
    this.#response = response;
    this.#socket = socket;
    socket.on('drain', events.onDrain);
    watchClose(response, () => {
      this.#ended = true;
      socket.off('drain', events.onDrain);
      events.onClose();
    });
  }

  write(block: Block): boolean {
    const socket = this.#socket;
    if (this.#ended || !socket.writable) return false;
    const { bytes } = block;
    if (bytes.length <= SHARED_CHUNK_BYTES) return socket.write(block.chunked);
    socket.cork();
    socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1');
    socket.write(bytes);
    const more = socket.write(CRLF);
    socket.uncork();
    return more;
  }

  end(parting = false): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#response.end(() => {
      // Kept alive, the idle connection would hold up a server that is closing.
      if (parting || this.closing()) this.#socket.destroySoon();
    });
  }

  destroy(): void {
    this.#ended = true;
    this.#socket.destroy();
  }

  closing(): boolean {
    return listenerClosed(this.#socket);
  }
}

class ResponseSink implements Sink {
  readonly #response: NodeResponse;
  /** What carries this response, and others before and after it. */
  readonly #carrier: Socket | Http2Session | undefined;
  readonly #over: () => void;
  #ended = false;
  #parting = false;

  constructor(request: NodeRequest, response: NodeResponse, events: SinkEvents) {
    this.#response = response;
    this.#carrier = isHttp2(response) ? response.stream.session : (request.socket as Socket);
    const queued = queuedBehind(request, response);
    let over = false;
    this.#over = () => {
      if (over) return;
      over = true;
      this.#ended = true;
      response.off('drain', events.onDrain);
      queued?.off('close', this.#over);
      events.onClose();
    };
    response.on('drain', events.onDrain);
    if (queued?.destroyed) queueMicrotask(this.#over);
    queued?.once('close', this.#over);
    watchClose(response, this.#over);
  }

  write(block: Block): boolean {
    if (this.#ended) return false;
    const more = (this.#response as ServerResponse).write(block.bytes);
    (this.#response as { flush?: () => void }).flush?.();
    return more;
  }

  end(parting = false): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#parting = parting;
    const response = this.#response as ServerResponse;
    // Kept alive, the idle connection would hold up a server that is closing.
    response.once('finish', () => {
      if (parting || this.closing()) letGo(this.#carrier);
    });
    response.end();
  }

  destroy(): void {
    this.#ended = true;
    const response = this.#response;
    if (isHttp2(response)) {
      const parting = this.#parting || this.closing();
      response.stream.destroy();
      // A client that does not read its streams does not part from its session either: ended in good order, that would
      // wait for it, and a closing server with it.
      if (parting) this.#carrier?.destroy();
    } else {
      response.destroy();
      if (!response.socket) queueMicrotask(this.#over);
    }
  }

  closing(): boolean {
    const carrier = this.#carrier;
    if (!carrier || carrier.destroyed) return false;
    return listenerClosed('goaway' in carrier ? carrier.socket : carrier);
  }
}
