import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { quote, SseKitError } from '../protocol/index.ts';
import type { ReplayLog } from '../server/replay-log.ts';
import { openRedis, type RedisClientOptions, type RedisConnection, unavailable } from './redis-connection.ts';
import { RedisLog, type RedisRetention } from './redis-log.ts';
import { RedisReader } from './redis-reader.ts';
import { RedisReplicas, type ReplicaQuorum } from './redis-replicas.ts';
import { type RedisScript, redisScripts } from './redis-scripts.ts';

/**
 * What to believe after Redis was restarted or failed over, when it holds a log but may have lost its tail:
 * - `verify` (default): for `fenceMs` nobody appends and every instance says what it last saw. The log goes on when an
 *   instance that was running vouches for it and none knows more than it holds; else a new epoch announces the loss.
 * - `trust`: it goes on. Right only where Redis cannot lose what it acknowledged (`appendfsync always`, no failover).
 * - `new-epoch`: a new epoch, always.
 */
export type RestartPolicy = 'verify' | 'trust' | 'new-epoch';

/** How a store reaches Redis and what it does in trouble. */
export interface RedisStoreOptions {
  /** `redis[s]://[user:password@]host:port[/db]`; or set everything in `client`. */
  readonly url?: string;
  /** Further options of node-redis: TLS, credentials, database. */
  readonly client?: RedisClientOptions;
  /** Begins every key; default `sse:`. */
  readonly prefix?: string;
  /**
   * How long a publisher waits while Redis cannot be reached, milliseconds; default 5,000. 0 fails at once. An event
   * whose outcome is unknown is sent again with the same mark and stored once.
   */
  readonly publishWaitMs?: number;
  /** See `RestartPolicy`; default `verify`. */
  readonly restart?: RestartPolicy;
  /** How long the fence stands after a restart, milliseconds; default 1,000. Instances reconnect within 200. */
  readonly fenceMs?: number;
  /**
   * An append waits until so many replicas have it, and fails (stored, but not safe) when they have not in time. Appends
   * share their waits: one that comes while another waits may wait for up to twice the time.
   */
  readonly replicas?: ReplicaQuorum;
  /** Longest wait for the first connection, milliseconds; default 10,000. */
  readonly connectMs?: number;
  /** How often a quiet log is compared with Redis and trimmed by age, milliseconds; default 5,000. */
  readonly checkMs?: number;
}

const GREET_RETRY_MS = 100;

/**
 * Logs of many streams in one Redis, over two connections: one for commands, one that waits for news. A third waits for
 * replicas, where the options ask for them.
 */
export interface RedisStore {
  /**
   * Makes the log of one stream, not opened yet. Any number of instances may open the same name; within one store a
   * name is open once.
   * @throws SseKitError `ERR_INVALID_OPTION`
   */
  log(name: string, retention?: RedisRetention): ReplayLog;
  /** Closes its connections. Close the logs first. Idempotent. */
  close(): Promise<void>;
}

/** Options of a single Redis log. */
export interface RedisLogOptions extends RedisStoreOptions, RedisRetention {
  /** Name of the stream in Redis. */
  readonly name: string;
}

/** Makes a store for the streams of a hub. It connects with the first log that is opened. */
export function createRedisStore(options: RedisStoreOptions = {}): RedisStore {
  return new Store(options);
}

/** Makes the log of one stream with connections of its own, which are closed with it. */
export function createRedisLog(options: RedisLogOptions): ReplayLog {
  const store = new Store(options);
  return store.log(options.name, options, () => store.close());
}

/** Something that lives over the store's connections. */
interface Member {
  /** Connected, also again: what this process knows must be compared with Redis. */
  connected(): void;
  failed(error: Error): void;
}

/** What a log is given. */
export interface RedisPort {
  readonly keys: { readonly log: string; readonly meta: string };
  readonly settings: Required<Omit<RedisStoreOptions, 'url' | 'client' | 'replicas' | 'prefix'>>;
  /** Connects with the first log; registers the log. */
  join(member: Member): Promise<void>;
  leave(): Promise<void>;
  readonly ready: boolean;
  /** Resolves when connected, at the latest after `withinMs`; says whether it is. */
  whenReady(withinMs: number): Promise<boolean>;
  /** Runs the script that compares. @throws SseKitError `ERR_LOG_UNAVAILABLE` */
  compare(args: readonly string[]): Promise<unknown>;
  /** Runs the script that appends, as an instance that keeps a mark. @throws SseKitError `ERR_LOG_UNAVAILABLE` */
  append(instance: string, args: readonly string[]): Promise<unknown>;
  send(...args: string[]): Promise<unknown>;
  /** Waits for the replicas that the options ask for. @throws SseKitError `ERR_LOG_UNAVAILABLE` */
  replicated(): Promise<void>;
  readonly reader: RedisReader;
}

class Store implements RedisStore {
  readonly #options: RedisStoreOptions;
  readonly #settings: RedisPort['settings'];
  readonly #client: RedisClientOptions;
  readonly #members = new Map<string, Member>();
  readonly #waiting = new Set<() => void>();
  #connecting: Promise<void> | null = null;
  #commands: RedisConnection | null = null;
  #reader: RedisReader | null = null;
  #replicas: RedisReplicas | null = null;
  /** SHA-1 of each. */
  #scripts: Readonly<Record<RedisScript, string>> | null = null;
  /** Counts connections that were greeted, so that only the newest goes on trying. */
  #meetings = 0;

  constructor(options: RedisStoreOptions) {
    const {
      publishWaitMs = 5_000,
      restart = 'verify',
      fenceMs = 1_000,
      connectMs = 10_000,
      checkMs = 5_000,
    } = options;
    for (const [name, value] of Object.entries({ publishWaitMs, fenceMs, connectMs, checkMs })) {
      if (!(value >= 0 && Number.isFinite(value))) {
        throw new SseKitError('ERR_INVALID_OPTION', `${name} must be milliseconds, got ${quote(value)}`);
      }
    }
    if (!['verify', 'trust', 'new-epoch'].includes(restart)) {
      throw new SseKitError(
        'ERR_INVALID_OPTION',
        `restart is verify, trust or new-epoch, got ${quote(restart)}`,
      );
    }
    this.#options = options;
    this.#settings = { publishWaitMs, restart, fenceMs, connectMs, checkMs };
    this.#client = { ...options.client, ...(options.url === undefined ? {} : { url: options.url }) };
  }

  log(name: string, retention: RedisRetention = {}, closed?: () => Promise<void>): ReplayLog {
    if (typeof name !== 'string' || name === '') {
      throw new SseKitError('ERR_INVALID_OPTION', `not a stream name: ${quote(name)}`);
    }
    return new RedisLog(name, retention, this.#port(name, closed));
  }

  async close(): Promise<void> {
    const reader = this.#reader;
    this.#reader = null;
    this.#replicas?.close();
    this.#replicas = null;
    this.#commands?.close();
    this.#commands = null;
    this.#connecting = null;
    await reader?.close();
  }

  #port(name: string, closed?: () => Promise<void>): RedisPort {
    const { prefix = 'sse:', replicas } = this.#options;
    // The braces keep all keys of a stream in one slot of a cluster.
    const keys = { log: `${prefix}{${name}}:log`, meta: `${prefix}{${name}}:meta` };
    const store = this;
    return {
      keys,
      settings: this.#settings,
      join: (member) => this.#join(name, member),
      leave: async () => {
        this.#members.delete(name);
        await closed?.();
      },
      get ready() {
        return store.#scripts !== null;
      },
      whenReady: (withinMs) => this.#whenReady(withinMs),
      compare: (args) => this.#script('join', [keys.log, keys.meta], args),
      append: (instance, args) =>
        this.#script('append', [keys.log, keys.meta, `${prefix}{${name}}:mark:${instance}`], args),
      send: (...args) => this.#send(args),
      replicated: async () => {
        if (!replicas) return;
        if (!this.#replicas || !this.#scripts) throw unavailable('not connected to Redis');
        await this.#replicas.wait(this.#scripts.place, `${prefix}{${name}}:place`);
      },
      get reader() {
        if (!store.#reader) throw unavailable('not connected');
        return store.#reader;
      },
    };
  }

  async #join(name: string, member: Member): Promise<void> {
    if (this.#members.has(name)) {
      throw new SseKitError('ERR_LOG_IN_USE', `the log ${quote(name)} is open already in this store`);
    }
    this.#members.set(name, member);
    try {
      this.#connecting ??= this.#connect();
      await this.#connecting;
    } catch (error) {
      this.#members.delete(name);
      this.#connecting = null;
      throw error;
    }
  }

  async #connect(): Promise<void> {
    const failed = (error: Error): void => this.#failed(error);
    const commands = openRedis(this.#client, {
      ready: () => void this.#meet(commands),
      lost: (error) => {
        this.#scripts = null;
        failed(error);
      },
    });
    const reader = new RedisReader(this.#client, {
      ready: () => this.#announce(),
      failed,
      unblock: (clientId) => this.#send(['CLIENT', 'UNBLOCK', clientId]),
    });
    const { replicas: quorum } = this.#options;
    const replicas = quorum ? new RedisReplicas(this.#client, quorum, failed) : null;
    this.#commands = commands;
    this.#reader = reader;
    this.#replicas = replicas;
    const { connectMs } = this.#settings;
    try {
      await replicas?.connect(connectMs);
      await commands.connect(connectMs);
      await reader.connect(connectMs);
      if (!(await this.#whenReady(connectMs)))
        throw unavailable(`Redis was not ready within ${connectMs} ms`);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  #failed(error: Error): void {
    for (const member of this.#members.values()) member.failed(error);
  }

  /** Greets until that has worked or the connection is gone: a server that still loads its data refuses for a while. */
  async #meet(commands: RedisConnection): Promise<void> {
    const meeting = ++this.#meetings;
    for (let refused = 0; meeting === this.#meetings && commands.ready; refused++) {
      try {
        return await this.#greet(commands);
      } catch (error) {
        if (refused === 0) this.#failed(error instanceof Error ? error : new Error(String(error)));
        await sleep(GREET_RETRY_MS);
      }
    }
  }

  /** Learns which run of which server this is, and gives it the scripts made for it. */
  async #greet(commands: RedisConnection): Promise<void> {
    await this.#replicas?.whenReady(); // what cannot be made safe is not taken
    const info = String(await commands.send('INFO', 'server'));
    const runId = /^run_id:(\S+)/m.exec(info)?.[1];
    if (!runId) throw unavailable('Redis does not say its run_id (INFO server)');
    const texts = redisScripts(runId);
    for (const text of Object.values(texts)) await commands.send('SCRIPT', 'LOAD', text);
    this.#scripts = { join: sha1(texts.join), append: sha1(texts.append), place: sha1(texts.place) };
    this.#announce();
    for (const wake of [...this.#waiting]) wake();
  }

  #announce(): void {
    if (!this.#scripts) return;
    for (const member of this.#members.values()) member.connected();
  }

  #whenReady(withinMs: number): Promise<boolean> {
    if (this.#scripts) return Promise.resolve(true);
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve(this.#scripts !== null);
      };
      const timer = setTimeout(done, withinMs);
      this.#waiting.add(done);
    });
  }

  async #script(
    which: Exclude<RedisScript, 'place'>,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<unknown> {
    const scripts = this.#scripts;
    const commands = this.#commands;
    if (!scripts || !commands) throw unavailable('not connected to Redis');
    try {
      return await commands.send('EVALSHA', scripts[which], String(keys.length), ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      // Another server answers than the one that was greeted, or its scripts were flushed: nothing was written.
      if (this.#scripts === scripts) {
        this.#scripts = null;
        void this.#meet(commands);
      }
      throw unavailable('Redis was restarted or failed over', error);
    }
  }

  #send(args: readonly string[]): Promise<unknown> {
    if (!this.#commands) return Promise.reject(unavailable('not connected to Redis'));
    return this.#commands.send(...args);
  }
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
