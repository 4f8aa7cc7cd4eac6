import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';

/** One address in front of several servers: each connection goes to the next of them, round robin, by TCP. */
export async function startBalancer(ports: readonly number[]): Promise<{
  readonly port: number;
  /** Where new connections go; a node that is being replaced is taken out before it is stopped. */
  targets: readonly number[];
  close(): Promise<void>;
}> {
  let next = 0;
  const balancer = { port: 0, targets: ports, close };
  const server: Server = createServer((client) => {
    const target = balancer.targets[next++ % balancer.targets.length];
    if (target === undefined) return void client.destroy();
    const upstream = connect(target, '127.0.0.1');
    client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy());
    upstream.on('error', () => client.destroy()).on('close', () => client.end());
    client.pipe(upstream).pipe(client);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  balancer.port = typeof address === 'object' && address ? address.port : 0;

  async function close(): Promise<void> {
    server.close();
    await once(server, 'close');
  }
  return balancer;
}
