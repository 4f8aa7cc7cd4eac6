import { ToxiproxyApi } from './api.ts';
import { ToxiproxyClient } from './client.ts';
import { ToxiproxyError } from './errors.ts';
import type { ToxiproxyNetwork } from './network.ts';

/** Where a Toxiproxy came from, in the order in which they are tried. */
export type ToxiproxySource =
  | 'TOXIPROXY_URL'
  | 'path'
  | 'cache'
  | 'docker'
  | 'go-install'
  | 'release'
  | 'embedded';

/** One thing that went wrong with the engine itself, for the history of a run. */
export interface ToxiproxyIncident {
  /** Unix milliseconds. */
  readonly at: number;
  readonly what: 'crash' | 'deadline' | 'restarted' | 'restart-failed';
  readonly detail: string;
}

/** The running thing behind a server handle. */
export interface Engine {
  readonly url: string;
  /** Resolves when it ended by itself; absent where that cannot be observed. */
  readonly exited?: Promise<string>;
  stop(): Promise<void>;
  /** Starts a replacement; absent where we do not own the process. */
  restart?(): Promise<Engine>;
}

export interface ServerOptions {
  readonly engine: Engine;
  readonly source: ToxiproxySource;
  /** What a person wants to know: path of the binary, container, why it was chosen. */
  readonly detail: string;
  /** Version that an unstamped build (`git`) is known to be built from. */
  readonly builtFrom?: string | undefined;
  /** Longest wait for one API call, default 5 s (the real server itself may hang for 25 s). */
  readonly deadlineMs?: number | undefined;
  readonly network?: ToxiproxyNetwork | undefined;
  readonly onIncident?: ((incident: ToxiproxyIncident) => void) | undefined;
}

const MAX_RESTARTS = 5;

/**
 * A Toxiproxy that is up. Where the process is ours, a crash or an unanswered call gets it replaced, and the proxies
 * of `client` are restored at their addresses with their toxics (open connections are lost, as in any crash). The
 * call that saw it still rejects: the caller must know that the network under the test was disturbed.
 */
export class ToxiproxyServer {
  readonly engine: 'toxiproxy' | 'embedded';
  readonly source: ToxiproxySource;
  /** As the server reports it; `git` for an unstamped build of unknown origin. */
  readonly version: string;
  readonly client: ToxiproxyClient;
  readonly #options: ServerOptions;
  readonly #deadlineMs: number;
  readonly #incidents: ToxiproxyIncident[] = [];
  #engine: Engine;
  #restarting: Promise<void> | undefined;
  #restarts = 0;
  #stopped = false;
  #stopping: Promise<void> | undefined;

  private constructor(options: ServerOptions, version: string) {
    this.#options = options;
    this.#engine = options.engine;
    this.#deadlineMs = options.deadlineMs ?? 5_000;
    this.source = options.source;
    this.engine = options.source === 'embedded' ? 'embedded' : 'toxiproxy';
    this.version = version;
    this.client = new ToxiproxyClient({
      url: () => this.#liveUrl(),
      deadlineMs: this.#deadlineMs,
      network: options.network ?? {},
      ready: () => this.settled(),
      onBreach: (error) => this.#onBreach(error),
    });
    this.#watch(this.#engine);
  }

  /** Asks a running engine for its version and wraps it. Stops it again if it does not answer. */
  static async of(options: ServerOptions): Promise<ToxiproxyServer> {
    const api = new ToxiproxyApi({
      url: () => options.engine.url,
      deadlineMs: options.deadlineMs ?? 5_000,
    });
    try {
      const reported = await api.version();
      return new ToxiproxyServer(options, reported === 'git' ? (options.builtFrom ?? reported) : reported);
    } catch (error) {
      await options.engine.stop();
      throw error;
    }
  }

  /** Base URL of the API, for example `http://127.0.0.1:40123`; changes if a restart finds the port taken. */
  get url(): string {
    return this.#engine.url;
  }

  /** Crashes, breached deadlines and restarts so far. */
  get incidents(): readonly ToxiproxyIncident[] {
    return this.#incidents;
  }

  /** One line for a report: which engine, version, from where. */
  describe(): string {
    const what = this.engine === 'embedded' ? 'embedded proxy (not the real Toxiproxy)' : 'real Toxiproxy';
    return `${what} ${this.version}, ${this.#options.detail}, API ${this.url}`;
  }

  /** Waits until a replacement for a crashed process is up, if one is being started. */
  async settled(): Promise<void> {
    await this.#restarting;
  }

  /** Removes what `client` created, then ends what we started; a Toxiproxy of somebody else goes on. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    await this.#restarting;
    try {
      if (!this.#engine.restart) await this.client.removeCreated();
    } finally {
      this.#stopped = true;
      await this.#engine.stop();
    }
  }

  #liveUrl(): string {
    if (this.#stopped) throw new ToxiproxyError('ERR_TOXIPROXY_STOPPED', 'this Toxiproxy was stopped');
    return this.#engine.url;
  }

  #note(what: ToxiproxyIncident['what'], detail: string): void {
    const incident = { at: Date.now(), what, detail };
    this.#incidents.push(incident);
    this.#options.onIncident?.(incident);
  }

  #watch(engine: Engine): void {
    void engine.exited?.then((why) => {
      if (this.#stopped || this.#engine !== engine || this.#restarting) return;
      this.#note('crash', why);
      void this.#restart();
    });
  }

  async #onBreach(error: ToxiproxyError): Promise<ToxiproxyError> {
    if (this.#stopped || !this.#engine.restart) return error;
    if (error.code === 'ERR_TOXIPROXY_DEADLINE') {
      if (!this.#restarting) {
        this.#note('deadline', error.message);
        void this.#restart();
      }
      await this.#restarting;
      return new ToxiproxyError(error.code, `${error.message}; ${this.#lastIncident()}`, { cause: error });
    }
    // Refused or cut: the process is dying or dead. Its exit is noticed by #watch, maybe a moment later than this.
    const why = this.#restarting
      ? 'a restart was under way'
      : await Promise.race([this.#engine.exited, after(this.#deadlineMs)]);
    await this.#restarting;
    if (why === undefined) return error;
    const message = `the Toxiproxy process died during ${error.message} (${why}); ${this.#lastIncident()}`;
    return new ToxiproxyError('ERR_TOXIPROXY_CRASHED', message, { cause: error });
  }

  #lastIncident(): string {
    const last = this.#incidents.at(-1);
    return last ? `${last.what}: ${last.detail}` : 'no incident';
  }

  #restart(): Promise<void> {
    this.#restarting ??= this.#replace().finally(() => {
      this.#restarting = undefined;
    });
    return this.#restarting;
  }

  async #replace(): Promise<void> {
    const old = this.#engine;
    try {
      if (!old.restart) throw new Error('not our process');
      if (this.#restarts >= MAX_RESTARTS) throw new Error(`it was restarted ${MAX_RESTARTS} times already`);
      this.#restarts += 1;
      await old.stop();
      const next = await old.restart();
      this.#engine = next;
      const api = new ToxiproxyApi({ url: () => next.url, deadlineMs: this.#deadlineMs });
      await this.client.restore(api);
      this.#watch(next);
      this.#note('restarted', `new process at ${next.url}, proxies restored`);
    } catch (error) {
      this.#note('restart-failed', error instanceof Error ? error.message : String(error));
    }
  }
}

function after(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms).unref());
}
