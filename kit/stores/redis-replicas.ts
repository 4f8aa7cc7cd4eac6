import { setTimeout as sleep } from 'node:timers/promises';
import { openRedis, type RedisClientOptions, type RedisConnection, unavailable } from './redis-connection.ts';

/** How many replicas must have an event, and how long to wait for them. */
export interface ReplicaQuorum {
  readonly count: number;
  readonly timeoutMs: number;
}

interface Round {
  /** SHA-1 of the script that marks the place to wait for, made for one run of a server. */
  readonly script: string;
  readonly over: Promise<void>;
}

/** Longest single WAIT: the connection has to answer often enough to be known alive. */
const SLICE_MS = 1_000;
const RETRY_MS = 20;

/**
 * Waits for replicas over a connection of its own: one that waits lets nothing else through, be it another stream's.
 *
 * WAIT counts from the last write of its own connection. So a write of no meaning goes before it, by a script that only
 * the run of the server has that took the events: after a failover there is nothing to wait for. Who comes while one
 * WAIT is under way shares the next.
 */
export class RedisReplicas {
  readonly #connection: RedisConnection;
  readonly #quorum: ReplicaQuorum;
  #last: Promise<void> = Promise.resolve();
  #next: Round | null = null;
  #closed = false;

  constructor(options: RedisClientOptions, quorum: ReplicaQuorum, failed: (error: Error) => void) {
    this.#quorum = quorum;
    this.#connection = openRedis(options, { ready: () => undefined, lost: failed });
  }

  connect(withinMs: number): Promise<void> {
    return this.#connection.connect(withinMs);
  }

  /** Resolves when connected (it comes back by itself), or closed; at the latest after `withinMs`. */
  async whenReady(withinMs = Number.POSITIVE_INFINITY): Promise<void> {
    const deadlineMs = performance.now() + withinMs;
    while (!this.#connection.ready && !this.#closed && performance.now() < deadlineMs) await sleep(RETRY_MS);
  }

  close(): void {
    this.#closed = true;
    this.#connection.close();
  }

  /**
   * Resolves when the replicas have everything that was answered before the call.
   * @throws SseKitError `ERR_LOG_UNAVAILABLE`
   */
  wait(script: string, key: string): Promise<void> {
    if (this.#next?.script === script) return this.#next.over;
    const over = this.#last.then(() => {
      if (this.#next === round) this.#next = null;
      return this.#ask(script, key);
    });
    const round = { script, over };
    this.#next = round;
    this.#last = over.catch(() => undefined); // those who wait for this round have the error
    return over;
  }

  async #ask(script: string, key: string): Promise<void> {
    const { count, timeoutMs } = this.#quorum;
    await this.whenReady(timeoutMs);
    try {
      await this.#connection.send('EVALSHA', script, '1', key);
    } catch (error) {
      throw unavailable('stored, but Redis was restarted or failed over, or is away', error);
    }
    let got = 0;
    for (let leftMs = timeoutMs; got < count && leftMs > 0; leftMs -= SLICE_MS) {
      got = Number(await this.#connection.send('WAIT', String(count), String(Math.min(leftMs, SLICE_MS))));
    }
    if (got < count)
      throw unavailable(`stored, but only ${got} of ${count} replicas had it in ${timeoutMs} ms`);
  }
}
