import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server for one example, on loopback. */
export interface Served {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  /** Cuts every connection, as a network does. */
  cut(): void;
  close(): Promise<void>;
}

/** Serves on a free port, or on the one that is given. */
export async function serve(
  listener: (request: IncomingMessage, response: ServerResponse) => unknown,
  port = 0,
): Promise<Served> {
  const server = createServer((request, response) => void listener(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: () => server.closeAllConnections(),
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}
