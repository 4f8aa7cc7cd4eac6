import { connect, createServer, type Server, type Socket } from 'node:net';
import { splitAddress } from '../network.ts';
import type { ToxicStream } from '../toxic-types.ts';
import type { BytesCounter } from './bytes-counter.ts';
import { Connection } from './connection.ts';
import type { Surroundings } from './stub.ts';
import { ToxicChain } from './toxic-chain.ts';
import { describeToxic } from './toxic-entry.ts';

export interface EmbeddedProxyOptions extends Surroundings {
  readonly name: string;
  readonly listen: string;
  readonly upstream: string;
  readonly counter: BytesCounter;
}

/** One listening address and the connections made through it. */
export class EmbeddedProxy {
  readonly name: string;
  readonly toxics: ToxicChain;
  readonly #counter: BytesCounter;
  readonly #dialling = new Set<Socket>();
  readonly #connections = new Set<Connection>();
  #listen: string;
  #upstream: string;
  #server: Server | undefined;

  constructor(options: EmbeddedProxyOptions) {
    this.name = options.name;
    this.#listen = options.listen;
    this.#upstream = options.upstream;
    this.#counter = options.counter;
    this.toxics = new ToxicChain(options);
  }

  get listen(): string {
    return this.#listen;
  }

  get upstream(): string {
    return this.#upstream;
  }

  get enabled(): boolean {
    return this.#server !== undefined;
  }

  describe(): Record<string, unknown> {
    const { name, listen, upstream, enabled } = this;
    return { name, listen, upstream, enabled, toxics: this.toxics.list().map(describeToxic) };
  }

  /** Whether a proxy with these addresses would be another one. */
  differs(listen: string, upstream: string): boolean {
    return resolveListen(listen) !== this.#listen || upstream !== this.#upstream;
  }

  /** Starts listening; port 0 becomes the port that was chosen. Rejects in the real server's words. */
  async start(): Promise<void> {
    if (this.#server) return;
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) =>
      this.#accept(client),
    );
    const { host, port } = splitAddress(resolveListen(this.#listen));
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(listenError(error, `${host}:${port}`)));
      server.listen(port, host, resolve);
    });
    const address = server.address();
    if (address && typeof address === 'object') this.#listen = joinAddress(address.address, address.port);
    this.#server = server;
  }

  /** Refuses new connections and ends the open ones; the port is kept for `start`. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.#dialling) socket.destroy();
    await Promise.all([...this.#connections].map((connection) => connection.close()));
    await closed;
  }

  async update(next: { listen: string; upstream: string; enabled: boolean }): Promise<void> {
    if (this.differs(next.listen, next.upstream)) {
      await this.stop();
      this.#listen = next.listen;
      this.#upstream = next.upstream;
    }
    if (next.enabled) await this.start();
    else await this.stop();
  }

  #accept(client: Socket): void {
    const { host, port } = splitAddress(this.#upstream);
    const upstream = connect({ host, port, allowHalfOpen: true });
    this.#dialling.add(client).add(upstream);
    const giveUp = (): void => {
      this.#dialling.delete(client);
      this.#dialling.delete(upstream);
      client.destroy();
      upstream.destroy();
    };
    client.once('error', giveUp);
    // A dead upstream is accept-then-close for the client.
    upstream.once('error', giveUp);
    upstream.once('close', giveUp);
    upstream.once('connect', () => {
      this.#dialling.delete(client);
      this.#dialling.delete(upstream);
      client.removeListener('error', giveUp);
      upstream.removeListener('error', giveUp);
      upstream.removeListener('close', giveUp);
      if (client.destroyed || !this.#server) giveUp();
      else this.#join(client, upstream);
    });
  }

  #join(client: Socket, upstream: Socket): void {
    const links = {
      upstream: this.toxics.openLink('upstream'),
      downstream: this.toxics.openLink('downstream'),
    };
    const labels = { name: this.name, listen: this.#listen, upstream: this.#upstream };
    const open = new Set<ToxicStream>(['upstream', 'downstream']);
    const connection = new Connection({
      client,
      upstream,
      links,
      armed: this.toxics.armed,
      onBytes: (counter, direction, bytes) => this.#counter.add(counter, direction, labels, bytes),
      onLinkClosed: (direction) => {
        this.toxics.closeLink(direction, links[direction]);
        open.delete(direction);
        if (open.size === 0) this.#connections.delete(connection);
      },
    });
    this.#connections.add(connection);
  }
}

function joinAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Loopback for `localhost` and for no host at all: a test tool does not open itself to the network by omission. */
function resolveListen(listen: string): string {
  if (listen === '') return '127.0.0.1:0';
  const { host, port } = splitAddress(listen);
  return host === '' || host === 'localhost' ? `127.0.0.1:${port}` : listen;
}

function listenError(error: Error, address: string): Error {
  const code = 'code' in error ? error.code : undefined;
  const why = code === 'EADDRINUSE' ? 'address already in use' : error.message;
  return new Error(`listen tcp ${address}: bind: ${why}`, { cause: error });
}
