import { createServer, type IncomingMessage } from 'node:http';
import { TOXIPROXY_VERSION } from '../cache.ts';
import { systemClock } from './clock.ts';
import { ProxyCollection } from './collection.ts';
import { seededRandom } from './random.ts';
import { createRoutes } from './routes.ts';

export interface EmbeddedOptions {
  /** Port of the API on 127.0.0.1; default a free one. */
  readonly port?: number;
  /** Seed of all chance in it (toxicity, jitter, slice sizes); default random. */
  readonly seed?: number;
}

export interface EmbeddedToxiproxy {
  /** Base URL of the API. */
  readonly url: string;
  readonly seed: number;
  /** Ends every proxy, connection and the API. */
  stop(): Promise<void>;
}

/**
 * Starts a stand-in for Toxiproxy in this process: the same HTTP API, the same toxics with the same semantics on real
 * sockets. It can be seeded, which the real one cannot. Known differences: the `Logger` field is left out, attributes
 * that crash the real server get a 400, an API call never hangs, a black-hole upstream blocks nobody else.
 */
export async function startEmbeddedToxiproxy(options: EmbeddedOptions = {}): Promise<EmbeddedToxiproxy> {
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 32);
  const proxies = new ProxyCollection({ clock: systemClock, random: seededRandom(seed) });
  const route = createRoutes(proxies, TOXIPROXY_VERSION);
  const server = createServer(async (request, response) => {
    const reply = await route({
      method: request.method ?? 'GET',
      path: new URL(request.url ?? '/', 'http://embedded').pathname,
      body: await readBody(request),
      userAgent: request.headers['user-agent'] ?? '',
    });
    response.writeHead(reply.status, reply.type ? { 'content-type': reply.type } : {});
    response.end(reply.body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (!address || typeof address === 'string') throw new Error('a TCP server without a port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    seed,
    stop: async () => {
      await proxies.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
