import type { Socket } from 'node:net';
import type { ToxicStream } from '../toxic-types.ts';
import type { Channel } from './channel.ts';
import type { Link } from './link.ts';

export interface ConnectionOptions {
  readonly client: Socket;
  readonly upstream: Socket;
  readonly links: Readonly<Record<ToxicStream, Link>>;
  /** End with RST instead of FIN, whatever ends the connection: decided when it was opened. */
  readonly armed: boolean;
  readonly onBytes: (counter: 'received' | 'sent', direction: ToxicStream, bytes: number) => void;
  readonly onLinkClosed: (direction: ToxicStream) => void;
}

/**
 * Two sockets and a link each way. As in the real server there is no half-close: when a direction ends, its
 * destination is closed altogether, which ends the other direction too.
 */
export class Connection {
  readonly #options: ConnectionOptions;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { client, upstream } = options;
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true); // slices must leave as slices
      // A broken socket ends its direction through read() and write(), which see it; this only keeps it from throwing.
      socket.on('error', ignore);
    }
    this.#pump('upstream', client, upstream);
    this.#pump('downstream', upstream, client);
  }

  /** Ends both sockets now, and with them whatever their links still hold. */
  async close(): Promise<void> {
    const { client, upstream, links } = this.#options;
    this.#end(client);
    this.#end(upstream);
    await Promise.all([links.upstream.abandon(), links.downstream.abandon()]);
  }

  #pump(direction: ToxicStream, source: Socket, destination: Socket): void {
    const link = this.#options.links[direction];
    link.start();
    void this.#read(direction, source, link.input);
    void this.#write(direction, destination, link.output);
  }

  async #read(direction: ToxicStream, source: Socket, input: Channel): Promise<void> {
    let bytes = 0;
    try {
      for await (const data of source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        bytes += data.length;
        input.push({ data, at: performance.now() });
        while (!input.hasRoom) await changed(input);
      }
    } catch (error) {
      if (!(error instanceof Error)) throw error; // a reset or destroyed source: its end, like a FIN
    }
    this.#options.onBytes('received', direction, bytes);
    input.close();
  }

  async #write(direction: ToxicStream, destination: Socket, output: Channel): Promise<void> {
    let bytes = 0;
    let whole = true;
    while (whole && !output.closed) {
      const chunk = output.take();
      if (!chunk) {
        await changed(output);
        continue;
      }
      whole = await written(destination, chunk.data);
      bytes += chunk.data.length;
    }
    if (whole) this.#options.onBytes('sent', direction, bytes);
    output.discard();
    this.#end(destination);
    this.#options.onLinkClosed(direction);
  }

  #end(socket: Socket): void {
    if (socket.destroyed) return;
    // All writes were handed to the kernel one by one, so destroy() closes as a plain close(2) does: with a FIN.
    if (this.#options.armed) socket.resetAndDestroy();
    else socket.destroy();
  }
}

function ignore(): void {
  // see the constructor
}

function changed(channel: Channel): Promise<void> {
  return new Promise((resolve) => {
    const stop = channel.onChange(() => {
      stop();
      resolve();
    });
  });
}

/** Resolves to whether the kernel took the bytes; a slow reader makes this wait. */
function written(socket: Socket, data: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve(false);
    const closed = (): void => resolve(false);
    socket.once('close', closed);
    socket.write(data, (error) => {
      socket.removeListener('close', closed);
      resolve(!error);
    });
  });
}
