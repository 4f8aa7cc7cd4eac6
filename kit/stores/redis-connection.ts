import { createClient } from 'redis';
import { SseKitError } from '../protocol/index.ts';

/** The client options that a caller may set: address, credentials, TLS. See node-redis. */
export type RedisClientOptions = NonNullable<Parameters<typeof createClient>[0]>;

/** What the log needs of a connection. */
export interface RedisConnection {
  /** Connects and waits until ready, at most `withinMs`. */
  connect(withinMs: number): Promise<void>;
  /**
   * Sends one command now.
   * @throws SseKitError `ERR_LOG_UNAVAILABLE` when there is no connection or it breaks; an error that Redis answered is
   * thrown as it came.
   */
  send(...args: string[]): Promise<unknown>;
  readonly ready: boolean;
  close(): void;
}

/** What happens to a connection. `ready` again after each reconnect. */
export interface ConnectionEvents {
  ready(): void;
  lost(error: Error): void;
}

const RECONNECT_MS = 50;
const RECONNECT_SPREAD_MS = 150;
const DEAD_AFTER_MS = 5_000;

/**
 * Opens a connection that comes back by itself, soon: instances must meet within the fence after a restart. It never
 * queues commands while it is down, because a command that is sent after a restart could not know of it.
 */
export function openRedis(
  options: RedisClientOptions,
  events: ConnectionEvents,
  random: () => number = Math.random,
): RedisConnection {
  const client = createClient({
    pingInterval: 1_000,
    ...options,
    RESP: 2,
    disableOfflineQueue: true,
    socket: {
      ...options.socket,
      // Half-open connections are given up: pings and blocking reads answer far more often than this.
      socketTimeout: DEAD_AFTER_MS,
      reconnectStrategy: () => RECONNECT_MS + random() * RECONNECT_SPREAD_MS,
    } as NonNullable<RedisClientOptions['socket']>,
  });
  let up = false;
  let closed = false;
  client.on('ready', () => {
    up = true;
    events.ready();
  });
  // node-redis reports a lost connection and every failed attempt to come back as `error`; once is enough.
  client.on('error', (error: Error) => {
    if (!up || closed) return;
    up = false;
    events.lost(unavailable('the connection to Redis was lost', error));
  });
  return {
    get ready() {
      return client.isReady;
    },
    async connect(withinMs) {
      const connecting = client.connect();
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(
          () => reject(unavailable(`no connection to Redis within ${withinMs} ms`)),
          withinMs,
        );
      });
      try {
        await Promise.race([connecting, late]);
      } catch (error) {
        closed = true;
        connecting.catch(() => null); // settles when the client is destroyed; the reason is thrown below
        client.destroy();
        throw error instanceof SseKitError ? error : unavailable('cannot connect to Redis', error);
      } finally {
        clearTimeout(timer);
      }
    },
    async send(...args) {
      try {
        return await client.sendCommand(args);
      } catch (error) {
        // Only what Redis itself answered has a meaning for the caller; the rest is the connection.
        if (isReply(error)) throw error;
        throw unavailable(`Redis did not answer ${args[0]}`, error);
      }
    },
    close() {
      if (closed) return;
      closed = true;
      if (client.isOpen) client.destroy();
    },
  };
}

/** Makes the error for a store that cannot be reached. */
export function unavailable(message: string, cause?: unknown): SseKitError {
  return new SseKitError('ERR_LOG_UNAVAILABLE', message, { cause });
}

function isReply(error: unknown): error is Error {
  return (
    error instanceof Error &&
    /^[A-Z]+ /.test(error.message) &&
    !/^LOADING |^READONLY |^MASTERDOWN /.test(error.message)
  );
}
