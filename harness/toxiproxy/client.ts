import { randomUUID } from 'node:crypto';
import { ToxiproxyApi } from './api.ts';
import { ToxiproxyError } from './errors.ts';
import { bindHostOf, mapUpstream, splitAddress, type ToxiproxyNetwork } from './network.ts';
import { ToxiproxyProxy } from './proxy.ts';
import type { ProxyState } from './toxic-types.ts';
import { assertName } from './validate.ts';

export interface CreateProxyOptions {
  /** Unique on the server. Default: random, so that parallel users of one server never meet. */
  readonly name?: string;
  /** `host:port` to forward to. A black hole (accepts nothing, refuses nothing) blocks the proxy's accept loop. */
  readonly upstream: string;
  /** `host:port` to listen on. Default: a free port of 127.0.0.1 (or of the configured network). */
  readonly listen?: string;
  /** Default true. */
  readonly enabled?: boolean;
}

export interface ClientOptions {
  readonly url: () => string;
  /** Longest wait for one call in milliseconds. */
  readonly deadlineMs: number;
  readonly network: ToxiproxyNetwork;
  readonly ready?: () => Promise<void>;
  readonly onBreach?: (error: ToxiproxyError) => Promise<ToxiproxyError>;
}

/** Creates proxies on one Toxiproxy and remembers those that it created. */
export class ToxiproxyClient {
  readonly #api: ToxiproxyApi;
  readonly #network: ToxiproxyNetwork;
  readonly #created = new Set<ToxiproxyProxy>();

  constructor(options: ClientOptions) {
    this.#api = new ToxiproxyApi(options);
    this.#network = options.network;
  }

  /** Address that a server must listen on to be an upstream of this Toxiproxy: 127.0.0.1, or 0.0.0.0 for a container. */
  get bindHost(): string {
    return bindHostOf(this.#network);
  }

  /** The server's version string. */
  version(): Promise<string> {
    return this.#api.version();
  }

  /** Every proxy on the server, other users' included. */
  listProxies(): Promise<readonly ProxyState[]> {
    return this.#api.listProxies();
  }

  /** Creates a proxy. Rejects with `ERR_TOXIPROXY_EXISTS` for a taken name, `ERR_TOXIPROXY_API` for a taken port. */
  async createProxy(options: CreateProxyOptions): Promise<ToxiproxyProxy> {
    const name = options.name ?? `sse-kit-${randomUUID()}`;
    assertName('proxy', name);
    splitAddress(options.upstream);
    if (options.listen !== undefined) splitAddress(options.listen);
    const body = {
      name,
      upstream: mapUpstream(options.upstream, this.#network),
      enabled: options.enabled ?? true,
    };
    const state = await this.#createOnFreePort(body, options.listen);
    const proxy = new ToxiproxyProxy(this.#api, state, this.#network, (gone) => this.#created.delete(gone));
    this.#created.add(proxy);
    return proxy;
  }

  /** Removes every proxy that this client created and not removed yet; others' stay. */
  async removeCreated(): Promise<void> {
    for (const proxy of [...this.#created]) {
      try {
        await proxy.remove();
      } catch (error) {
        if (!(error instanceof ToxiproxyError) || error.code !== 'ERR_TOXIPROXY_NOT_FOUND') throw error;
      }
    }
  }

  /** @internal Gives a restarted server the proxies back, at their addresses, with their toxics. */
  async restore(api: ToxiproxyApi): Promise<void> {
    for (const { name, memory } of this.#created) {
      await api.createProxy({
        name,
        listen: memory.listen,
        upstream: memory.upstream,
        enabled: memory.enabled,
      });
      for (const toxic of memory.toxics.values()) await api.addToxic(name, toxic);
    }
  }

  async #createOnFreePort(body: Omit<ProxyState, 'toxics' | 'listen'>, listen?: string): Promise<ProxyState> {
    const { listenHost = '127.0.0.1', listenPorts } = this.#network;
    if (listen !== undefined || !listenPorts) {
      return this.#api.createProxy({ ...body, listen: listen ?? `${listenHost}:0` });
    }
    for (let port = listenPorts[0]; port <= listenPorts[1]; port += 1) {
      try {
        return await this.#api.createProxy({ ...body, listen: `${listenHost}:${port}` });
      } catch (error) {
        if (!(error instanceof ToxiproxyError) || !error.message.includes('address already in use'))
          throw error;
      }
    }
    throw new ToxiproxyError(
      'ERR_TOXIPROXY_UNAVAILABLE',
      `no free port in ${listenPorts[0]}-${listenPorts[1]} of TOXIPROXY_LISTEN_PORTS`,
    );
  }
}
