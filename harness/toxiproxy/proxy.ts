import type { ToxiproxyApi } from './api.ts';
import { ToxiproxyError } from './errors.ts';
import { type ProxyMetrics, readProxyMetrics } from './metrics.ts';
import { splitAddress, type ToxiproxyNetwork } from './network.ts';
import type { ProxyState, ToxicPatch, ToxicSpec, ToxicState } from './toxic-types.ts';
import { assertName, assertPatch, assertToxic } from './validate.ts';

/** What a proxy has to be again after its server was restarted. */
export interface ProxyMemory {
  readonly upstream: string;
  readonly listen: string;
  enabled: boolean;
  readonly toxics: Map<string, ToxicState>;
}

/**
 * One proxy: a listening address, an upstream, toxics in both directions. It remembers what was asked for, so that
 * a restarted server can be given the same proxy at the same address; toxics keep their order.
 *
 * Every call rejects with a `ToxiproxyError` (codes there) and has the server's deadline.
 */
export class ToxiproxyProxy {
  readonly name: string;
  /** Address for clients, for example `127.0.0.1`. */
  readonly host: string;
  readonly port: number;
  /** `host:port` for clients. */
  readonly listen: string;
  /** `http://host:port`, without a trailing slash. */
  readonly url: string;
  /** @internal */
  readonly memory: ProxyMemory;
  readonly #api: ToxiproxyApi;
  readonly #onRemoved: (proxy: ToxiproxyProxy) => void;

  /** @internal Use `client.createProxy`. */
  constructor(
    api: ToxiproxyApi,
    state: ProxyState,
    network: ToxiproxyNetwork,
    onRemoved: (proxy: ToxiproxyProxy) => void,
  ) {
    const { host, port } = splitAddress(state.listen);
    const wildcard = host === '' || host === '0.0.0.0' || host === '::';
    const reachable = network.publicHost ?? (wildcard ? '127.0.0.1' : host);
    this.name = state.name;
    this.host = reachable;
    this.port = port;
    this.listen = reachable.includes(':') ? `[${reachable}]:${port}` : `${reachable}:${port}`;
    this.url = `http://${this.listen}`;
    this.memory = {
      upstream: state.upstream,
      listen: state.listen,
      enabled: state.enabled,
      toxics: new Map(state.toxics.map((toxic) => [toxic.name, toxic])),
    };
    this.#api = api;
    this.#onRemoved = onRemoved;
  }

  /** Accepts connections again, at the same address. */
  async enable(): Promise<void> {
    await this.#setEnabled(true);
  }

  /** Ends open connections with a FIN and refuses new ones. */
  async disable(): Promise<void> {
    await this.#setEnabled(false);
  }

  /** Adds a toxic after validating it, and resolves with every field as the server filled it in. */
  async addToxic(toxic: ToxicSpec): Promise<ToxicState> {
    assertToxic(toxic);
    const added = await this.#api.addToxic(this.name, toxic);
    this.memory.toxics.set(added.name, added);
    return added;
  }

  /**
   * Changes attributes or toxicity of a live toxic, for open connections too (toxicity is rolled again for each).
   * Note: an open `timeout` toxic whose toxicity goes from 1 to 0 leaves a silent hole in an open connection.
   */
  async patchToxic(name: string, patch: ToxicPatch): Promise<ToxicState> {
    assertName('toxic', name);
    const known = this.memory.toxics.get(name) ?? (await this.#find(name));
    assertPatch(known.type, known.attributes, patch);
    const patched = await this.#api.patchToxic(this.name, name, patch);
    this.memory.toxics.set(name, patched);
    return patched;
  }

  /** Removes a toxic. Removing a `timeout` toxic closes the connections that it affected. */
  async removeToxic(name: string): Promise<void> {
    assertName('toxic', name);
    this.memory.toxics.delete(name);
    await this.#api.removeToxic(this.name, name);
  }

  /** The toxics as the server has them, upstream before downstream, in the order in which bytes meet them. */
  async toxics(): Promise<readonly ToxicState[]> {
    return (await this.state()).toxics;
  }

  /** Everything that the server says about this proxy. */
  async state(): Promise<ProxyState> {
    return this.#api.getProxy(this.name);
  }

  /**
   * Byte counters by direction. They move only when a connection ends, on both engines; for evidence about an open
   * connection record the bytes at both sides of the proxy.
   */
  async metrics(): Promise<ProxyMetrics> {
    return readProxyMetrics(await this.#api.metrics(), this.name);
  }

  /** Deletes the proxy: open connections end, the port is free. Deleting twice is an error. */
  async remove(): Promise<void> {
    this.#onRemoved(this);
    await this.#api.deleteProxy(this.name);
  }

  async #setEnabled(enabled: boolean): Promise<void> {
    this.memory.enabled = enabled;
    await this.#api.updateProxy(this.name, { enabled });
  }

  async #find(name: string): Promise<ToxicState> {
    const found = (await this.toxics()).find((toxic) => toxic.name === name);
    if (found) return found;
    throw new ToxiproxyError('ERR_TOXIPROXY_NOT_FOUND', `proxy ${this.name} has no toxic "${name}"`);
  }
}
