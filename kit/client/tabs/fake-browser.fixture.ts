import { encodeCannotResume, encodeStreamEnd, encodeStreamOpen } from '../../protocol/control.ts';
import { encodeFrame } from '../../protocol/frame.ts';
import { encodeHeartbeat } from '../../protocol/heartbeat.ts';
import { parsePosition } from '../../protocol/position.ts';
import type { VirtualClock } from '../../testing/index.ts';
import { noLifecycle } from '../lifecycle.ts';
import { type ClientPorts, textDecoderPort } from '../ports.ts';
import type { ByteSource, TransportRequest, TransportResponse } from '../transport.ts';
import type { Message } from './messages.ts';
import type { TabPorts } from './ports.ts';

export const EPOCH = 'epochAAAA';

interface ServerConnection {
  readonly send: (text: string) => void;
  readonly cut: (error: Error | null) => void;
}

/** What a tab connects to. */
export interface Server {
  connect(tab: string, request: TransportRequest): TransportResponse | Promise<TransportResponse>;
}

/** A server of the kit's protocol in memory, as a transport. */
export class FakeServer implements Server {
  readonly requests: Array<{ readonly tab: string; readonly cursor: string | null }> = [];
  epoch = EPOCH;
  head = 0;
  oldest = 1;
  /** When set, requests are answered with this status. */
  status = 200;
  readonly #open = new Set<ServerConnection>();
  most = 0;

  get connections(): number {
    return this.#open.size;
  }

  publish(count = 1): void {
    for (let n = 0; n < count; n++) {
      this.head++;
      for (const connection of this.#open) connection.send(this.#frame(this.head));
    }
  }

  beat(unixMs: number): void {
    const text = encodeHeartbeat({ head: { epoch: this.epoch, seq: this.head }, unixMs });
    for (const connection of this.#open) connection.send(text);
  }

  /** Every connection ends, as at a deploy. */
  cut(): void {
    for (const connection of [...this.#open]) connection.cut(new Error('cut'));
  }

  end(): void {
    for (const connection of [...this.#open]) {
      connection.send(encodeStreamEnd());
      connection.cut(null);
    }
  }

  connect(tab: string, request: TransportRequest): TransportResponse {
    const cursor = request.headers['last-event-id'] ?? null;
    this.requests.push({ tab, cursor });
    const header = (name: string): string | null =>
      name === 'content-type' ? 'text/event-stream' : name === 'stream-resume' ? 'ok' : null;
    if (this.status !== 200) return { status: this.status, url: request.url, header, body: null };
    const pipe = createPipe();
    const connection: ServerConnection = {
      send: pipe.push,
      cut: (error) => {
        this.#open.delete(connection);
        pipe.end(error);
      },
    };
    this.#open.add(connection);
    this.most = Math.max(this.most, this.#open.size);
    request.signal.addEventListener('abort', () => connection.cut(new Error('aborted')), { once: true });
    this.#greet(pipe.push, cursor);
    return { status: 200, url: request.url, header, body: pipe.source };
  }

  #greet(push: (text: string) => void, cursor: string | null): void {
    const position = cursor === null ? null : parsePosition(cursor);
    const known = position?.epoch === this.epoch && position.seq >= this.oldest - 1;
    const resume = cursor === null ? 'fresh' : known ? 'ok' : 'gap';
    const { epoch, head, oldest } = this;
    const body = {
      stream: 's',
      epoch,
      head,
      oldest,
      heartbeatMs: 0,
      connection: 'c',
      protocol: 1,
      resume,
    };
    const from = cursor === null ? head : known && position ? position.seq : oldest - 1;
    push(encodeStreamOpen({ ...body, resume }, cursor ?? `${epoch}.${head}`));
    if (resume === 'gap') {
      const missed = position?.epoch === epoch ? from - position.seq : null;
      const reason = position?.epoch === epoch ? 'expired' : 'epoch-changed';
      push(
        encodeCannotResume(
          { reason, requested: cursor, from: `${epoch}.${from}`, missed },
          `${epoch}.${from}`,
        ),
      );
    }
    for (let seq = from + 1; seq <= head; seq++) push(this.#frame(seq));
  }

  #frame(seq: number): string {
    return encodeFrame({ event: 'tick', id: `${this.epoch}.${seq}`, data: String(seq) });
  }
}

function createPipe(): {
  push: (text: string) => void;
  end: (error: Error | null) => void;
  source: ByteSource;
} {
  const encoder = new TextEncoder();
  const chunks: Uint8Array[] = [];
  let ended: { error: Error | null } | null = null;
  let wake: (() => void) | null = null;
  const notify = (): void => {
    wake?.();
    wake = null;
  };
  return {
    push(text) {
      if (ended) return;
      chunks.push(encoder.encode(text));
      notify();
    },
    end(error) {
      ended ??= { error };
      notify();
    },
    source: {
      async read() {
        for (;;) {
          const chunk = chunks.shift();
          if (chunk) return chunk;
          if (ended?.error) throw ended.error;
          if (ended) return null;
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      },
    },
  };
}

interface Waiting {
  readonly tab: FakeTab;
  readonly grant: () => void;
}

interface Held {
  readonly tab: FakeTab;
  readonly lose: (error: Error) => void;
}

/** Web Locks (one name) and a BroadcastChannel (one name), for tabs that can be killed and frozen. */
export class FakeBrowser {
  readonly tabs: FakeTab[] = [];
  held: Held | null = null;
  readonly queue: Waiting[] = [];
  readonly #latencyMs: (() => number) | undefined;

  /** @param latencyMs how long each message between a tab and the browser takes; by default none takes any time. */
  constructor(latencyMs?: () => number) {
    this.#latencyMs = latencyMs;
  }

  /** A way from one place to another, on which nothing overtakes. */
  path(clock: VirtualClock): (arrive: () => void) => void {
    const latencyMs = this.#latencyMs;
    if (!latencyMs) return queueMicrotask;
    let last = 0;
    return (arrive) => {
      last = Math.max(last, clock.monotonic() + latencyMs());
      clock.setTimeout(arrive, last - clock.monotonic());
    };
  }

  open(name: string, clock: VirtualClock, server: Server): FakeTab {
    const tab = new FakeTab(name, this, clock, server);
    this.tabs.push(tab);
    return tab;
  }

  grantNext(): void {
    while (!this.held) {
      const next = this.queue.shift();
      if (!next) return;
      next.grant();
    }
  }
}

/** One tab: its ports, and what can happen to it. */
export class FakeTab {
  readonly name: string;
  readonly ports: Partial<ClientPorts>;
  readonly tabPorts: TabPorts;
  readonly #browser: FakeBrowser;
  #alive = true;
  #frozen = false;
  #late: Array<() => void> = [];
  readonly #receivers = new Set<(message: Message) => void>();
  readonly #away = new Set<() => void>();
  readonly #cuts = new Set<() => void>();
  /** From each other tab. */
  readonly #channels = new Map<FakeTab, (arrive: () => void) => void>();
  readonly #clock: VirtualClock;
  readonly #toBrowser: (arrive: () => void) => void;
  readonly #fromBrowser: (arrive: () => void) => void;

  constructor(name: string, browser: FakeBrowser, clock: VirtualClock, server: Server) {
    this.name = name;
    this.#browser = browser;
    this.#clock = clock;
    this.#toBrowser = browser.path(clock);
    this.#fromBrowser = browser.path(clock);
    // Every tab draws different numbers, from its name.
    let seed = [...name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7);
    this.ports = {
      clock: {
        now: () => clock.now(),
        monotonic: () => clock.monotonic(),
        setTimeout: (callback, ms) => clock.setTimeout(() => this.#run(callback), ms),
      },
      random: () => {
        seed = (seed * 48271) % 2147483647;
        return seed / 2147483647;
      },
      transport: async (request) => {
        if (!this.#alive) return new Promise(() => undefined);
        const controller = new AbortController();
        const cut = (): void => controller.abort();
        this.#cuts.add(cut);
        request.signal.addEventListener('abort', cut, { once: true });
        return server.connect(name, { ...request, signal: controller.signal });
      },
      lifecycle: noLifecycle,
      decoder: textDecoderPort,
      reportError: (error) => {
        throw error;
      },
    };
    this.tabPorts = {
      locks: { request: (_name, options, held) => this.#request(options, held) },
      channel: (_name, receive) => {
        this.#receivers.add(receive);
        return {
          post: (message) => {
            if (this.#alive && !this.#receivers.has(receive)) throw new Error('the channel is closed');
            const copy = structuredClone(message);
            for (const tab of browser.tabs) if (tab !== this && this.#alive) tab.#hear(this, copy);
          },
          close: () => this.#receivers.delete(receive),
        };
      },
      onAway: (listener) => {
        this.#away.add(listener);
        return () => this.#away.delete(listener);
      },
    };
  }

  /** The process dies: no code of the page runs any more, the browser gives its lock on. */
  kill(): void {
    this.#alive = false;
    for (const cut of this.#cuts) cut();
    this.#receivers.clear();
    if (this.#browser.held?.tab === this) this.#browser.held = null;
    const { queue } = this.#browser;
    for (let at = queue.length - 1; at >= 0; at--) if (queue[at]?.tab === this) queue.splice(at, 1);
    this.#browser.grantNext();
  }

  /** The page stands still without being told, and keeps its lock: what it would do is done after `thaw`. */
  freeze(): void {
    this.#frozen = true;
  }

  thaw(): void {
    this.#frozen = false;
    const late = this.#late;
    this.#late = [];
    for (const call of late) call();
  }

  /** `pagehide` or `freeze`. */
  goAway(): void {
    for (const listener of [...this.#away]) listener();
  }

  #hear(from: FakeTab, message: Message): void {
    const path = this.#channels.get(from) ?? this.#browser.path(this.#clock);
    this.#channels.set(from, path);
    // Receivers at the time of arrival, as a port that was closed meanwhile gets nothing.
    path(() => this.#run(() => [...this.#receivers].map((receive) => receive(message))));
  }

  #run(call: () => void): void {
    if (!this.#alive) return;
    if (this.#frozen) this.#late.push(call);
    else call();
  }

  #request(
    options: { readonly signal?: AbortSignal; readonly steal?: boolean },
    held: () => Promise<void>,
  ): Promise<unknown> {
    const browser = this.#browser;
    return new Promise((resolve, reject) => {
      const release = (own: Held): void => {
        if (browser.held !== own) return;
        browser.held = null;
        browser.grantNext();
      };
      const grant = (): void => {
        const own: Held = {
          tab: this,
          lose: (error) => this.#fromBrowser(() => this.#run(() => reject(error))),
        };
        browser.held = own;
        this.#fromBrowser(() =>
          this.#run(() => {
            // Given up while the lock was on its way.
            const done = options.signal?.aborted ? Promise.resolve() : held();
            void done.then(() => {
              this.#toBrowser(() => release(own));
              resolve(undefined);
            });
          }),
        );
      };
      const waiting: Waiting = { tab: this, grant };
      options.signal?.addEventListener('abort', () => {
        reject(new DOMException('given up', 'AbortError'));
        this.#toBrowser(() => {
          const at = browser.queue.indexOf(waiting);
          if (at >= 0) browser.queue.splice(at, 1);
        });
      });
      this.#toBrowser(() => {
        if (!this.#alive) return;
        if (options.steal) {
          browser.held?.lose(new DOMException('stolen', 'AbortError'));
          grant();
        } else {
          browser.queue.push(waiting);
          browser.grantNext();
        }
      });
    });
  }
}
