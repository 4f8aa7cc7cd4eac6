import { SseKitError } from '../protocol/index.ts';
import type { DurableWrite } from './durable-records.ts';
import type { Level, StoreSession } from './durable-store.ts';

interface Waiting {
  readonly batch: readonly DurableWrite[];
  readonly sync: boolean;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * An open database that several logs write to, one batch at a time: what comes while one is under way joins the next.
 *
 * After a write that failed (the disk was full) LevelDB goes on behind a torn record in its journal, and at the next
 * start drops what it acknowledged after it. So the database is opened anew, with a new journal, before the next write.
 */
export class LevelSession implements StoreSession {
  readonly db: Level;
  readonly sync: boolean;
  readonly bootId: string;
  #waiting: Waiting[] = [];
  #running = false;
  #torn = false;
  #renewing: Promise<void> | null = null;
  #closed = false;

  constructor(db: Level, sync: boolean, bootId: string) {
    this.db = db;
    this.sync = sync;
    this.bootId = bootId;
  }

  write(batch: readonly DurableWrite[], sync: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch, sync, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#renewing?.catch(() => null); // who writes has the error
    await this.db.close();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await this.#commit(group);
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#running = false;
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    if (this.#torn) await this.#renew();
    const batch = group.flatMap((one) => one.batch);
    try {
      await this.db.batch(batch, { sync: group.some((one) => one.sync) });
    } catch (error) {
      this.#torn = true;
      throw error;
    }
  }

  async #renew(): Promise<void> {
    if (this.#closed) throw new SseKitError('ERR_LOG_CLOSED', 'the store is closed');
    this.#renewing = this.db.close().then(() => this.db.open());
    try {
      await this.#renewing;
    } finally {
      this.#renewing = null;
    }
    this.#torn = false;
  }
}
