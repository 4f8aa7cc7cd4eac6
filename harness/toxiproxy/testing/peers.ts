import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { ToxiproxyProxy } from '../proxy.ts';
import type { ToxicStream } from '../toxic-types.ts';

/** How a socket's incoming side stands: what the peer under test sees of FIN and RST. */
export type Ending = 'open' | 'fin' | 'rst';

/** One end of a TCP connection that writes down what arrives, when, and how it ended. */
export class Peer {
  readonly socket: Socket;
  /** Arrival time (performance.now) and size of each read. */
  readonly reads: { readonly at: number; readonly bytes: number }[] = [];
  ending: Ending = 'open';
  endedAt = 0;
  readonly #chunks: Buffer[] = [];
  readonly #listeners = new Set<() => void>();

  constructor(socket: Socket, options: { readonly reading?: boolean } = {}) {
    this.socket = socket;
    socket.setNoDelay(true);
    if (options.reading !== false) {
      socket.on('data', (data) => this.#arrived(data));
      socket.resume(); // it was accepted paused, so that nothing is missed
    }
    socket.on('end', () => this.#end('fin'));
    socket.on('error', (error) => {
      const code = 'code' in error ? error.code : undefined;
      // EPIPE: we wrote into a connection whose end we had not read yet.
      if (code === 'ECONNRESET') this.#end('rst');
      else if (code !== 'EPIPE') throw error;
    });
    socket.on('close', () => this.#end('fin'));
  }

  get text(): string {
    return this.bytes.toString('latin1');
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  send(data: string | Buffer): void {
    this.socket.write(data);
  }

  /** Waits until the condition holds; looks again after each arrival and ending. Rejects after `withinMs`. */
  until(what: string, condition: () => boolean, withinMs = 10_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#listeners.delete(look);
        reject(new Error(`${what} not seen in ${withinMs} ms: ${this.bytes.length} bytes, ${this.ending}`));
      }, withinMs);
      const look = (): void => {
        if (!condition()) return;
        clearTimeout(timer);
        this.#listeners.delete(look);
        resolve();
      };
      this.#listeners.add(look);
      look();
    });
  }

  untilBytes(count: number): Promise<void> {
    return this.until(`${count} bytes`, () => this.bytes.length >= count);
  }

  untilEnded(): Promise<void> {
    return this.until('the end', () => this.ending !== 'open');
  }

  #arrived(data: Buffer): void {
    this.reads.push({ at: performance.now(), bytes: data.length });
    this.#chunks.push(data);
    this.#notify();
  }

  #end(how: Ending): void {
    if (this.ending !== 'open') return;
    this.ending = how;
    this.endedAt = performance.now();
    this.#notify();
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** A TCP server that hands out what it accepts, and closes everything it ever saw. */
export class Target {
  readonly address: string;
  readonly #accepted: Socket[] = [];
  readonly #server: ReturnType<typeof createServer>;
  readonly #all = new Set<Socket>();

  private constructor(server: ReturnType<typeof createServer>, address: string) {
    this.#server = server;
    this.address = address;
    server.on('connection', (socket) => {
      this.#all.add(socket);
      this.#accepted.push(socket);
    });
  }

  static async start(): Promise<Target> {
    const server = createServer({ pauseOnConnect: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (!address || typeof address === 'string') throw new Error('no port');
    return new Target(server, `127.0.0.1:${address.port}`);
  }

  async nextSocket(): Promise<Socket> {
    const waiting = this.#accepted.shift();
    if (waiting) return waiting;
    await once(this.#server, 'connection');
    return this.nextSocket();
  }

  /** Opens a connection through the proxy and waits until both ends have it. */
  async connectThrough(proxy: ToxiproxyProxy, options: { readonly reading?: boolean } = {}): Promise<Pair> {
    const client = await dial(proxy, options);
    this.#all.add(client.socket);
    const server = new Peer(await this.nextSocket());
    return { client, server };
  }

  async stop(): Promise<void> {
    for (const socket of this.#all) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export interface Pair {
  readonly client: Peer;
  readonly server: Peer;
}

/** The ends of a pair by the direction in which bytes flow. */
export function along(stream: ToxicStream, pair: Pair): { readonly from: Peer; readonly to: Peer } {
  return stream === 'upstream'
    ? { from: pair.client, to: pair.server }
    : { from: pair.server, to: pair.client };
}

export async function dial(
  proxy: ToxiproxyProxy,
  options: { readonly reading?: boolean } = {},
): Promise<Peer> {
  const socket = connect({ host: proxy.host, port: proxy.port, noDelay: true });
  await once(socket, 'connect');
  return new Peer(socket, options);
}

/** Resolves to the error code of a connection attempt that must fail. */
export async function refusal(proxy: ToxiproxyProxy): Promise<string> {
  const socket = connect({ host: proxy.host, port: proxy.port });
  const outcome = await Promise.race([
    once(socket, 'connect').then(() => 'connected'),
    once(socket, 'close').then(() => 'closed'),
  ]).catch((error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown'));
  socket.destroy();
  return outcome;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
