import type { Socket } from 'node:net';
import { createBodyDecoder } from '../http/body-decoder.ts';
import { requestFraming } from '../http/framing.ts';
import { header, type RequestHead } from '../http/head.ts';
import type { Clock } from '../types.ts';
import type { Armament } from './armed-fault.ts';
import type { ClientSide } from './client-side.ts';
import { Exchange } from './exchange.ts';
import { readRequestHead } from './read-head.ts';
import { SocketReader } from './socket-reader.ts';
import { SocketWriter } from './socket-writer.ts';
import type { Tap } from './tap.ts';
import { openUpstream, type Target, type Upstream } from './upstream.ts';

/** After our FIN, how long the client may take to close before its socket is destroyed. */
const LINGER_MS = 2_000;
const BAD_REQUEST = 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

export interface ConnectionOptions {
  readonly id: string;
  readonly socket: Socket;
  readonly target: Target;
  /** See `SseProxyOptions`. */
  ask(request: RequestHead): RequestHead;
  readonly tap: Tap;
  readonly clock: Clock;
  faults(): readonly Armament[];
  /** The next exchange number. */
  number(request: RequestHead): number;
}

/** A client's TCP connection: its exchanges one after another, and the upstream connection they use. */
export class ClientConnection implements ClientSide {
  readonly id: string;
  readonly tap: Tap;
  readonly clock: Clock;
  readonly writer: SocketWriter;
  readonly closed: Promise<void>;
  readonly #options: ConnectionOptions;
  readonly #reader: SocketReader;
  #upstream: Upstream | null = null;
  #exchange: Exchange | null = null;
  #body: ReturnType<typeof createBodyDecoder> | null = null;
  #exchanges = 0;

  constructor(options: ConnectionOptions) {
    const { id, socket, tap, clock } = options;
    this.#options = options;
    this.id = id;
    this.tap = tap;
    this.clock = clock;
    this.writer = new SocketWriter(socket, (bytes) => tap.bytes(id, 'down', bytes));
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    this.#reader = new SocketReader(socket, {
      onBytes: (bytes) => tap.bytes(id, 'up', bytes),
      onEnd: (how) => {
        if (how !== 'lost') tap.end(id, 'up', how);
        this.#clientGone(how === 'rst' ? 'rst' : 'fin');
      },
    });
  }

  get exchange(): Exchange | null {
    return this.#exchange;
  }

  /** Serves requests until the connection ends. */
  async serve(): Promise<void> {
    for (;;) {
      const request = await this.#readRequest();
      if (!request) break;
      this.tap.request(this.id, describe(request));
      this.#body = createBodyDecoder(requestFraming(request));
      const exchange = new Exchange(this, request, this.#options.number(request), this.#exchanges > 0);
      this.#exchanges++;
      this.#exchange = exchange;
      const outcome = await exchange.run(this.#options.faults());
      this.#exchange = null;
      if (outcome !== 'keep' || !this.#body.done || this.#upstream?.reader.ended) break;
    }
    this.dropUpstream('fin');
    await this.end('fin');
  }

  ask(request: RequestHead): RequestHead {
    return this.#options.ask(request);
  }

  upstream(): Upstream {
    if (this.#upstream && !this.#upstream.writer.gone && !this.#upstream.reader.ended) return this.#upstream;
    const upstream = openUpstream(this.#options.target, (how) => {
      // An idle connection that the upstream closes is closed towards the client, too.
      if (!this.#exchange && this.#upstream === upstream) void this.end(how === 'rst' ? 'rst' : 'fin');
    });
    this.#upstream = upstream;
    return upstream;
  }

  dropUpstream(how: 'fin' | 'rst'): void {
    const upstream = this.#upstream;
    this.#upstream = null;
    if (how === 'rst') upstream?.writer.rst();
    else upstream?.socket.destroy();
  }

  async forwardBody(to: SocketWriter | null): Promise<boolean> {
    const body = this.#body;
    if (!body) return true;
    while (!body.done) {
      const read = await this.#reader.read();
      if (read.kind === 'end') return false;
      const { consumed } = body.push(read.bytes);
      this.#reader.unread(read.bytes.subarray(consumed));
      if (body.error) {
        this.tap.note(`${this.id}: request body: ${body.error.message}`);
        return false;
      }
      if (to && !(await to.write(read.bytes.subarray(0, consumed)))) return false;
    }
    return true;
  }

  async end(how: 'fin' | 'rst'): Promise<boolean> {
    const { socket } = this.#options;
    const done = how === 'rst' ? this.writer.rst() : await this.writer.fin();
    if (done) this.tap.end(this.id, 'down', how);
    if (this.#reader.ended) socket.destroy();
    else if (done && how === 'fin') this.#linger();
    return done;
  }

  /** Ends everything at once. */
  destroy(): void {
    this.dropUpstream('fin');
    this.#options.socket.destroy();
  }

  #linger(): void {
    const { socket } = this.#options;
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(timer));
    // What the client still sends has no reader any more; unread it would hide its FIN.
    this.#reader.discard();
  }

  #clientGone(how: 'fin' | 'rst'): void {
    this.#exchange?.abort();
    this.dropUpstream(how);
    if (!this.writer.gone) void this.end('fin');
    else this.#options.socket.destroy();
  }

  async #readRequest(): Promise<RequestHead | null> {
    const read = await readRequestHead(this.#reader);
    if (read.kind === 'head') return read.head;
    if (read.kind === 'not-http') await this.writer.write(Buffer.from(BAD_REQUEST));
    return null;
  }
}

function describe(request: RequestHead): { method: string; url: string; lastEventId: string | null } {
  const { method, url } = request;
  const sent = header(request.headers, 'last-event-id');
  // Browsers send the id as UTF-8, and heads are read as latin1.
  const lastEventId = sent === null ? queryCursor(url) : Buffer.from(sent, 'latin1').toString('utf8');
  return { method, url, lastEventId };
}

function queryCursor(url: string): string | null {
  const query = url.indexOf('?');
  return query < 0 ? null : new URLSearchParams(url.slice(query)).get('lastEventId');
}
