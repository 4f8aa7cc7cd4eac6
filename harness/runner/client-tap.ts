import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import type { HistoryRecord } from '../history/types.ts';
import { nowMs } from './clock.ts';

/** How one direction of a tapped connection ended. */
export type TapEnd = 'fin' | 'rst';

/** What the tap knows of one connection; live, read it when needed. */
export interface TappedConnection {
  readonly id: string;
  /** Bytes passed to the client so far. */
  readonly downBytes: number;
  /** How the server's side (as Toxiproxy left it) ended, once it did. */
  readonly downEnd: TapEnd | null;
  /** When, in unix milliseconds. */
  readonly downEndAt: number | null;
  /** The kernel's word for it (`ECONNRESET` for a true RST); `null` after a FIN. */
  readonly downError: string | null;
  readonly open: boolean;
}

/**
 * The last hop before the subject: a relay that changes nothing and writes down what really arrived from Toxiproxy,
 * including whether a connection ended by FIN or RST. Toxiproxy's own API cannot tell these apart, and a browser does
 * not say; without this tap "true RST" would be an assumption.
 */
export interface ClientTap {
  readonly port: number;
  readonly connections: readonly TappedConnection[];
  /** Bytes passed to the client over all connections. */
  readonly downBytes: number;
  /** Stops listening (new connections are refused by the kernel) and lets open connections be. */
  refuse(): Promise<void>;
  /** Listens again, on the same port. */
  accept(): Promise<void>;
  /**
   * Lets new connections wait until the function settles, so that a fault meant for the open connection cannot hit
   * the one that replaces it. The first `letIn` connections of the run (default none) do not wait.
   */
  holdNewConnections<T>(during: () => Promise<T>, letIn?: number): Promise<T>;
  close(): Promise<void>;
}

export interface ClientTapOptions {
  /** Where Toxiproxy listens. */
  readonly upstream: { readonly host: string; readonly port: number };
  readonly record: (record: HistoryRecord) => void;
  /** Called after each recorded wire event, so that waits need not poll. */
  readonly onChange?: () => void;
}

interface Live {
  id: string;
  kept: Record<'up' | 'down', number>;
  downBytes: number;
  downEnd: TapEnd | null;
  downEndAt: number | null;
  downError: string | null;
  open: boolean;
}

export const CLIENT_TAP = 'client';

/** Bytes of a connection and direction that go into the history; a flood of 64 MB is counted beyond it. */
const KEPT_BYTES = 8 * 1024 * 1024;

function keep(live: Live, direction: 'up' | 'down', bytes: Buffer): { base64: string } | { truncated: true } {
  // Once over, over: a chunk that would still fit has lost its place in the framing.
  live.kept[direction] += bytes.length;
  return live.kept[direction] > KEPT_BYTES ? { truncated: true } : { base64: bytes.toString('base64') };
}

/** Starts a tap on a free loopback port. */
export async function startClientTap(options: ClientTapOptions): Promise<ClientTap> {
  const connections: Live[] = [];
  const sockets = new Set<Socket>();
  let server: Server;

  const wire = (live: Live, direction: 'up' | 'down', event: 'bytes' | TapEnd, bytes?: Buffer) => {
    options.record({
      at: nowMs(),
      kind: 'wire',
      tap: CLIENT_TAP,
      connection: live.id,
      direction,
      event,
      ...(bytes ? { bytes: bytes.length, ...keep(live, direction, bytes) } : {}),
    });
    options.onChange?.();
  };

  const relay = (client: Socket) => {
    const live: Live = {
      id: `client:${connections.length + 1}`,
      kept: { up: 0, down: 0 },
      downBytes: 0,
      downEnd: null,
      downEndAt: null,
      downError: null,
      open: true,
    };
    connections.push(live);
    const upstream = dial({ ...options.upstream, allowHalfOpen: true });
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    }
    client.once('close', () => {
      live.open = false;
    });
    forward(client, upstream, (event, bytes) => wire(live, 'up', event, bytes));
    forward(upstream, client, (event, bytes, error) => {
      if (bytes) live.downBytes += bytes.length;
      else if (event !== 'bytes' && live.downEnd === null) {
        live.downEnd = event;
        live.downEndAt = nowMs();
        live.downError = error ?? null;
      }
      wire(live, 'down', event, bytes);
    });
    client.resume();
  };

  let holding = 0;
  let letIn = 0;
  const held: Socket[] = [];
  const accept = (client: Socket) => {
    sockets.add(client);
    client.once('close', () => sockets.delete(client));
    if (holding > 0 && connections.length >= letIn) held.push(client);
    else relay(client);
  };

  const listen = async (port: number) => {
    server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, accept);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return (server.address() as { port: number }).port;
  };
  // `close` calls back only when the last connection is gone; no longer listening is enough here, and immediate.
  const unlisten = async () => {
    if (server.listening) server.close();
  };

  const port = await listen(0);
  return {
    port,
    connections,
    get downBytes() {
      return connections.reduce((sum, live) => sum + live.downBytes, 0);
    },
    refuse: unlisten,
    accept: async () => {
      if (!server.listening) await listen(port);
    },
    holdNewConnections: async (during, first = 0) => {
      holding++;
      letIn = first;
      try {
        return await during();
      } finally {
        holding--;
        if (holding === 0) held.splice(0).forEach(relay);
      }
    },
    close: async () => {
      await unlisten();
      for (const socket of sockets) socket.destroy();
    },
  };
}

type Saw = (event: 'bytes' | TapEnd, bytes?: Buffer, error?: string) => void;

/** Copies one direction with backpressure, and passes its end on in kind: FIN as FIN, RST as RST. */
function forward(from: Socket, to: Socket, saw: Saw): void {
  from.on('data', (chunk: Buffer) => {
    saw('bytes', chunk);
    if (to.destroyed) return;
    if (!to.write(chunk)) {
      from.pause();
      to.once('drain', () => from.resume());
    }
  });
  from.once('end', () => {
    saw('fin');
    to.end();
  });
  from.once('error', (error: NodeJS.ErrnoException) => {
    // The other side was promised a connection and must not think it healthy, whatever the error is.
    saw('rst', undefined, error.code);
    to.resetAndDestroy();
  });
  from.once('close', () => {
    if (!to.destroyed && !to.writableEnded) to.destroy();
  });
}
