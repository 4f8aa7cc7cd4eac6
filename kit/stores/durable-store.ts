import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { ClassicLevel } from 'classic-level';
import { quote, SseKitError } from '../protocol/index.ts';
import type { ReplayLog } from '../server/replay-log.ts';
import { STORED_FORMAT } from './draft-codec.ts';
import { DurableLog, type DurableRetention } from './durable-log.ts';
import type { DurableWrite } from './durable-records.ts';
import { LevelSession } from './level-session.ts';

/** Where and how safely a durable store writes. */
export interface DurableStoreOptions {
  /** Directory of the store; made when absent. One process at a time may have it open. */
  readonly directory: string;
  /**
   * When `append` resolves. `disk` (default): after fsync, safe against power loss. `process`: after the write reached
   * the operating system, safe against kill -9 and several times faster; when the machine itself went down without a
   * clean close, the next open takes a new epoch, so that clients are told instead of missing the tail silently.
   */
  readonly durability?: 'disk' | 'process';
  /** Names this boot of the machine; default read from the operating system. For tests. */
  readonly bootId?: string;
}

/** Logs of many streams in one directory. */
export interface DurableStore {
  /**
   * Makes the log of one stream, not opened yet: hand it to the stream that owns it. Opening a name that is open
   * already is refused with `ERR_LOG_IN_USE`.
   * @throws SseKitError `ERR_INVALID_OPTION`
   */
  log(name: string, retention?: DurableRetention): ReplayLog;
  /** Closes the directory. Close the logs first. Idempotent. */
  close(): Promise<void>;
}

/** One stream in a directory of its own. */
export interface DurableLogOptions extends DurableStoreOptions, DurableRetention {
  /** Name of the stream within the directory; default `stream`. */
  readonly name?: string;
}

/** The database as a log sees it. */
export type Level = ClassicLevel<string, string>;

/** What a log is told by its store. */
export interface StoreSession {
  /** For reading. */
  readonly db: Level;
  readonly sync: boolean;
  readonly bootId: string;
  /** Writes a batch, all or nothing. */
  write(batch: readonly DurableWrite[], sync: boolean): Promise<void>;
}

const FORMAT_KEY = 'format';

/** Opens a directory for the logs of many streams (a hub). The directory itself is opened with the first log. */
export function createDurableStore(options: DurableStoreOptions): DurableStore {
  return new LevelStore(options);
}

/** Makes the log of one stream in a directory of its own; the directory is closed with the log. */
export function createDurableLog(options: DurableLogOptions): ReplayLog {
  const store = new LevelStore(options);
  return store.log(options.name ?? 'stream', options, () => store.close());
}

class LevelStore implements DurableStore {
  readonly #options: DurableStoreOptions;
  readonly #names = new Set<string>();
  #session: Promise<LevelSession> | null = null;

  constructor(options: DurableStoreOptions) {
    if (typeof options.directory !== 'string' || options.directory === '') {
      throw new SseKitError(
        'ERR_INVALID_OPTION',
        `directory must be a path, got ${quote(options.directory)}`,
      );
    }
    this.#options = options;
  }

  log(name: string, retention: DurableRetention = {}, closed?: () => Promise<void>): ReplayLog {
    if (name === '' || name.includes('\0')) {
      throw new SseKitError('ERR_INVALID_OPTION', `not a stream name: ${quote(name)}`);
    }
    return new DurableLog(name, retention, {
      acquire: () => this.#acquire(name),
      release: async () => {
        this.#names.delete(name);
        await closed?.();
      },
    });
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    if (session) await (await session).close();
  }

  async #acquire(name: string): Promise<StoreSession> {
    if (this.#names.has(name)) {
      throw new SseKitError('ERR_LOG_IN_USE', `the log ${quote(name)} is open already in this process`);
    }
    this.#names.add(name);
    try {
      this.#session ??= this.#open();
      return await this.#session;
    } catch (error) {
      this.#names.delete(name);
      this.#session = null;
      throw error;
    }
  }

  async #open(): Promise<LevelSession> {
    const { directory, durability = 'disk', bootId = currentBootId() } = this.#options;
    const db: Level = new ClassicLevel(directory, { keyEncoding: 'utf8', valueEncoding: 'utf8' });
    try {
      await db.open();
    } catch (error) {
      throw openError(directory, error);
    }
    try {
      await checkFormat(db, directory);
    } catch (error) {
      await db.close();
      throw error;
    }
    return new LevelSession(db, durability === 'disk', bootId);
  }
}

async function checkFormat(db: Level, directory: string): Promise<void> {
  const found = await db.get(FORMAT_KEY);
  if (found === String(STORED_FORMAT)) return;
  if (found !== undefined) {
    throw new SseKitError(
      'ERR_LOG_FORMAT',
      `${directory} holds log format ${quote(found)}, this version reads ${STORED_FORMAT}: open it with the version ` +
        'that wrote it, or give another directory',
    );
  }
  for await (const key of db.keys({ limit: 1 })) {
    throw new SseKitError(
      'ERR_LOG_FORMAT',
      `${directory} is a database of something else (key ${quote(key)})`,
    );
  }
  await db.put(FORMAT_KEY, String(STORED_FORMAT), { sync: true });
}

function openError(directory: string, error: unknown): SseKitError {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  if (code === 'LEVEL_LOCKED') {
    return new SseKitError('ERR_LOG_IN_USE', `${directory} is open in another process or another store`, {
      cause: error,
    });
  }
  if (code === 'LEVEL_CORRUPTION') {
    return new SseKitError(
      'ERR_LOG_CORRUPT',
      `${directory} is damaged beyond its tail: move it away to start a new log (clients are told of the loss)`,
      { cause: error },
    );
  }
  return new SseKitError('ERR_LOG_UNAVAILABLE', `cannot open ${directory}`, { cause: error });
}

function currentBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // Not Linux: the minute the machine came up. Clock corrections move it, which costs at most a needless new epoch.
    return `up-${Math.round((Date.now() - uptime() * 1000) / 60_000)}`;
  }
}
