import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** One address in front of several servers, by TCP: what a load balancer is to a client. */
export interface TcpFront {
  readonly port: number;
  /** Ports of the servers that new connections go to, in turn. */
  targets: readonly number[];
  close(): Promise<void>;
}

/** Starts a front on a free loopback port. Ends are passed on in both directions. */
export async function startTcpFront(ports: readonly number[]): Promise<TcpFront> {
  const sockets = new Set<Socket>();
  let turn = 0;
  const server = createServer((client) => {
    const target = front.targets[turn++ % front.targets.length];
    if (target === undefined) {
      client.destroy();
      return;
    }
    const upstream = connect({ host: '127.0.0.1', port: target });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      // What went wrong on one side is told to the other by ending it; `close` follows every error.
      socket.on('error', () => other.destroy());
      socket.once('close', () => {
        sockets.delete(socket);
        other.end();
      });
      socket.pipe(other);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const front = {
    port: typeof address === 'object' && address ? address.port : 0,
    targets: ports,
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  return front;
}
