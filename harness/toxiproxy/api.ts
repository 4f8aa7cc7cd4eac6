import { Proxy as ProxyResource, Toxiproxy } from 'toxiproxy-node-client';
import { ToxiproxyError } from './errors.ts';
import type { ProxyState, ToxicPatch, ToxicSpec, ToxicState } from './toxic-types.ts';
import { apiError, exchange } from './transport.ts';

export interface ApiOptions {
  /** Where the API is now; asked at each call, since a restart may move it. */
  readonly url: () => string;
  /** Longest wait for one call, body included, in milliseconds. */
  readonly deadlineMs: number;
  /** Awaited before each call, so that calls made during a restart wait for it instead of failing. */
  readonly ready?: () => Promise<void>;
  /** Told about a call that had no answer (deadline, unreachable) before it rejects; may replace the error. */
  readonly onBreach?: (error: ToxiproxyError) => Promise<ToxiproxyError>;
}

/**
 * The typed HTTP API. toxiproxy-node-client supplies the resources and their paths; its transport is replaced, because
 * it drops error bodies and has no deadline. Updates and reads bypass it: it updates by the deprecated POST and drops
 * a proxy's toxics. Never calls `/reset`, which touches everyone's proxies.
 */
export class ToxiproxyApi {
  readonly #options: ApiOptions;
  readonly #library: Toxiproxy;

  constructor(options: ApiOptions) {
    this.#options = options;
    this.#library = new Toxiproxy(''); // it passes paths on; the address is added at each call
    Object.assign(this.#library.api, {
      get: async (path: string) => ({ data: JSON.parse(await this.#send('GET', path)) }),
      post: async (path: string, body?: unknown) => ({
        data: JSON.parse(await this.#send('POST', path, body)),
      }),
      delete: async (path: string) => void (await this.#send('DELETE', path)),
      getText: (path: string) => this.#send('GET', path),
    });
  }

  /** Version string of the server (`git` for a build by `go install` without a version stamp). */
  async version(): Promise<string> {
    const parsed: unknown = JSON.parse(await this.#library.getVersion());
    return parsed && typeof parsed === 'object' && 'version' in parsed ? String(parsed.version) : 'unknown';
  }

  async createProxy(body: Omit<ProxyState, 'toxics'>): Promise<ProxyState> {
    return { ...(await this.#library.createProxy(body)).toJson(), toxics: [] };
  }

  async getProxy(proxy: string): Promise<ProxyState> {
    return this.#json<ProxyState>('GET', `/proxies/${proxy}`);
  }

  async listProxies(): Promise<readonly ProxyState[]> {
    return Object.values(await this.#json<Record<string, ProxyState>>('GET', '/proxies'));
  }

  async updateProxy(proxy: string, body: Partial<Omit<ProxyState, 'toxics' | 'name'>>): Promise<ProxyState> {
    return this.#json<ProxyState>('PATCH', `/proxies/${proxy}`, body);
  }

  async deleteProxy(proxy: string): Promise<void> {
    await this.#resource(proxy).remove();
  }

  async addToxic(proxy: string, toxic: ToxicSpec | ToxicState): Promise<ToxicState> {
    const stream = toxic.stream ?? 'downstream';
    const name = toxic.name ?? `${toxic.type}_${stream}`;
    const body = { ...toxic, name, stream, toxicity: toxic.toxicity ?? 1 };
    const added = (await this.#resource(proxy).addToxic<unknown>(body)).toJson();
    return added as unknown as ToxicState; // the library's union has a type (`down`) that no server answers
  }

  async patchToxic(proxy: string, toxic: string, patch: ToxicPatch): Promise<ToxicState> {
    return this.#json<ToxicState>('PATCH', `/proxies/${proxy}/toxics/${toxic}`, patch);
  }

  async removeToxic(proxy: string, toxic: string): Promise<void> {
    await this.#send('DELETE', `/proxies/${proxy}/toxics/${toxic}`);
  }

  /** The Prometheus text of `/metrics`. A server started without `-proxy-metrics` answers 404. */
  async metrics(): Promise<string> {
    return this.#send('GET', '/metrics');
  }

  #resource(name: string): ProxyResource {
    const unused = { listen: '', upstream: '', enabled: true, toxics: [] };
    return new ProxyResource(this.#library, { name, ...unused });
  }

  async #json<T>(method: string, path: string, body?: unknown): Promise<T> {
    return JSON.parse(await this.#send(method, path, body)) as T;
  }

  async #send(method: string, path: string, body?: unknown): Promise<string> {
    const { deadlineMs, onBreach } = this.#options;
    await this.#options.ready?.();
    const url = `${this.#options.url()}${path}`;
    try {
      const answer = await exchange(method, url, body, deadlineMs);
      if (answer.status >= 200 && answer.status < 300) return answer.body;
      throw apiError(`${method} ${url}`, answer);
    } catch (error) {
      const breach =
        error instanceof ToxiproxyError &&
        (error.code === 'ERR_TOXIPROXY_DEADLINE' || error.code === 'ERR_TOXIPROXY_UNREACHABLE');
      throw breach && onBreach ? await onBreach(error) : error;
    }
  }
}
