import { ApiError, missingField, proxyNotFound, toxicNotFound } from './api-error.ts';
import { BytesCounter } from './bytes-counter.ts';
import { decodeProxy, decodeToxic, type JsonObject, type ProxyInput, patchToxic } from './decode.ts';
import { EmbeddedProxy } from './proxy.ts';
import type { Surroundings } from './stub.ts';
import { describeToxic } from './toxic-entry.ts';

const NEW_PROXY: ProxyInput = { name: '', listen: '', upstream: '', enabled: true };

/** Every proxy of one embedded server: what the API does, without HTTP. */
export class ProxyCollection {
  readonly counter = new BytesCounter();
  readonly #surroundings: Surroundings;
  readonly #proxies = new Map<string, EmbeddedProxy>();
  /** Names taken by a creation that is still waiting for its port. */
  readonly #starting = new Set<string>();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  list(): JsonObject {
    return Object.fromEntries([...this.#proxies].map(([name, proxy]) => [name, proxy.describe()]));
  }

  get(name: string): EmbeddedProxy {
    const proxy = this.#proxies.get(name);
    if (!proxy) throw proxyNotFound();
    return proxy;
  }

  async create(body: unknown): Promise<JsonObject> {
    const input = decodeProxy(body, NEW_PROXY);
    if (input.name === '') throw missingField('name');
    if (input.upstream === '') throw missingField('upstream');
    if (this.#proxies.has(input.name)) throw new ApiError(409, 'proxy already exists');
    return (await this.#add(input)).describe();
  }

  /** Creates what is missing, replaces what differs, leaves the rest alone. */
  async populate(body: unknown): Promise<JsonObject> {
    if (!Array.isArray(body))
      throw new ApiError(400, 'bad request body: cannot read it as a list of proxies');
    const inputs = body.map((value) => decodeProxy(value, NEW_PROXY));
    for (const [index, input] of inputs.entries()) {
      if (input.name === '') throw missingField(`name at proxy ${index + 1}`);
      if (input.upstream === '') throw missingField(`upstream at proxy ${index + 1}`);
    }
    const proxies: JsonObject[] = [];
    for (const input of inputs) {
      const existing = this.#proxies.get(input.name);
      if (existing && !existing.differs(input.listen, input.upstream)) proxies.push(existing.describe());
      else {
        await existing?.stop();
        proxies.push((await this.#add(input)).describe());
      }
    }
    return { proxies: proxies.length > 0 ? proxies : null };
  }

  async update(name: string, body: unknown): Promise<JsonObject> {
    const proxy = this.get(name);
    await proxy.update(decodeProxy(body, proxy));
    return proxy.describe();
  }

  async remove(name: string): Promise<void> {
    const proxy = this.get(name);
    this.#proxies.delete(name);
    await proxy.stop();
  }

  /** Enables every proxy and removes every toxic: everyone's, so nobody who shares a server should ask for it. */
  async reset(): Promise<void> {
    for (const proxy of this.#proxies.values()) {
      await proxy.start();
      for (const toxic of proxy.toxics.list()) await proxy.toxics.remove(toxic);
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#proxies.keys()].map((name) => this.remove(name)));
  }

  toxics(name: string): readonly JsonObject[] {
    return this.get(name).toxics.list().map(asJson);
  }

  toxic(name: string, toxic: string): JsonObject {
    const found = this.get(name).toxics.find(toxic);
    if (!found) throw toxicNotFound();
    return asJson(found);
  }

  async addToxic(name: string, body: unknown): Promise<JsonObject> {
    const { toxics } = this.get(name);
    const toxic = decodeToxic(body);
    if (toxics.find(toxic.name)) throw new ApiError(409, 'toxic already exists');
    await toxics.add(toxic);
    return asJson(toxic);
  }

  async patchToxic(name: string, toxicName: string, body: unknown): Promise<JsonObject> {
    const { toxics } = this.get(name);
    const toxic = toxics.find(toxicName);
    if (!toxic) throw toxicNotFound();
    patchToxic(toxic, body);
    await toxics.update(toxic);
    return asJson(toxic);
  }

  async removeToxic(name: string, toxicName: string): Promise<void> {
    const { toxics } = this.get(name);
    const toxic = toxics.find(toxicName);
    if (!toxic) throw toxicNotFound();
    await toxics.remove(toxic);
  }

  async #add(input: ProxyInput): Promise<EmbeddedProxy> {
    if (this.#starting.has(input.name)) throw new ApiError(409, 'proxy already exists');
    this.#starting.add(input.name);
    try {
      const proxy = new EmbeddedProxy({ ...input, ...this.#surroundings, counter: this.counter });
      if (input.enabled) await proxy.start();
      this.#proxies.set(input.name, proxy);
      return proxy;
    } finally {
      this.#starting.delete(input.name);
    }
  }
}

function asJson(toxic: Parameters<typeof describeToxic>[0]): JsonObject {
  return { ...describeToxic(toxic) };
}
