import { openRedis, type RedisClientOptions, type RedisConnection } from './redis-connection.ts';
import { type RedisEntry, readStreams } from './redis-entry.ts';

/** A stream that wants its news. */
export interface ReaderSubscriber {
  /** Key of the Redis stream. */
  readonly key: string;
  /** Id after which news are wanted; asked before each read. */
  lastId(): string;
  entries(entries: readonly RedisEntry[]): void;
}

const BLOCK_MS = 1_000;
const READ_COUNT = 256;
const NUDGE_MS = 10;

/**
 * The one blocking reader of an instance: a connection of its own waits in XREAD for all streams at once, however many
 * client connections they have.
 */
export class RedisReader {
  readonly #connection: RedisConnection;
  readonly #failed: (error: Error) => void;
  readonly #unblock: (clientId: string) => Promise<unknown>;
  readonly #subscribers = new Map<string, ReaderSubscriber>();
  #clientId = '';
  /** Counts changes of the set of streams, and which of them the read under way knows. */
  #wanted = 0;
  #issued = 0;
  #running: Promise<void> | null = null;
  #closed = false;

  constructor(
    options: RedisClientOptions,
    events: {
      /** Connected, also again: news may have been missed. */
      ready(): void;
      failed(error: Error): void;
      /** Ends the blocking read of a client id, from another connection. */
      unblock(clientId: string): Promise<unknown>;
    },
  ) {
    this.#failed = events.failed;
    this.#unblock = events.unblock;
    // Pings would wait behind the blocking read; its own answers, at least one per block time, keep the socket alive.
    this.#connection = openRedis(
      { ...options, pingInterval: BLOCK_MS * 60 },
      {
        ready: () => {
          events.ready();
          this.#run();
        },
        lost: events.failed,
      },
    );
  }

  connect(withinMs: number): Promise<void> {
    return this.#connection.connect(withinMs);
  }

  add(subscriber: ReaderSubscriber): void {
    this.#subscribers.set(subscriber.key, subscriber);
    this.#changed();
  }

  remove(key: string): void {
    if (this.#subscribers.delete(key)) this.#changed();
  }

  /** Ends the read under way, because a subscriber wants to go on from another place. */
  #changed(): void {
    this.#wanted += 1;
    this.#run();
    this.#nudge().catch(this.#failed);
  }

  /** The same, for subscribers. */
  moved(): void {
    this.#changed();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#connection.close();
    await this.#running;
  }

  /** A read that was issued before the change blocks on: Redis ends it when told so, once it has begun to wait. */
  async #nudge(): Promise<void> {
    while (
      !this.#closed &&
      this.#running &&
      this.#issued < this.#wanted &&
      this.#clientId &&
      this.#connection.ready
    ) {
      await this.#unblock(this.#clientId);
      if (this.#issued < this.#wanted) await new Promise((resolve) => setTimeout(resolve, NUDGE_MS));
    }
  }

  #run(): void {
    if (this.#running || this.#closed || this.#subscribers.size === 0 || !this.#connection.ready) return;
    this.#running = this.#loop()
      .catch((error: unknown) => {
        if (!this.#closed) this.#failed(error instanceof Error ? error : new Error(String(error)));
      })
      .finally(() => {
        this.#running = null;
        // The connection may have come back while the last read was failing.
        if (!this.#closed && this.#connection.ready) setTimeout(() => this.#run(), NUDGE_MS).unref();
      });
  }

  async #loop(): Promise<void> {
    this.#clientId = String(await this.#connection.send('CLIENT', 'ID'));
    while (!this.#closed && this.#subscribers.size > 0) {
      this.#issued = this.#wanted;
      const all = [...this.#subscribers.values()];
      const reply = await this.#connection.send(
        ...['XREAD', 'COUNT', String(READ_COUNT), 'BLOCK', String(BLOCK_MS), 'STREAMS'],
        ...all.map(({ key }) => key),
        ...all.map((subscriber) => subscriber.lastId()),
      );
      for (const [key, entries] of readStreams(reply)) this.#subscribers.get(key)?.entries(entries);
    }
  }
}
