import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** An address that stays while what is behind it changes: as a load balancer or a failover address does. */
export interface Forwarder {
  readonly port: number;
  /** Where new connections go. */
  target: number;
  /** While true, nothing comes back from the server. */
  mute: boolean;
  /** Cuts every connection. */
  cut(): void;
  close(): Promise<void>;
}

export async function startForwarder(target: number): Promise<Forwarder> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(forwarder.target, '127.0.0.1');
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    client.on('data', (chunk: Buffer) => upstream.write(chunk));
    upstream.on('data', (chunk: Buffer) => {
      if (!forwarder.mute) client.write(chunk);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const forwarder: Forwarder = {
    port: typeof address === 'object' && address ? address.port : 0,
    target,
    mute: false,
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      forwarder.cut();
      server.close();
      await once(server, 'close');
    },
  };
  return forwarder;
}
