import { SseKitError } from '../protocol/index.ts';
import type { LogBounds, LogRead, ReplayLog } from './replay-log.ts';

/** What is left of a complete stream whose events were in memory and are gone. */
export interface EndedStream {
  readonly epoch: string;
  readonly head: number;
}

/**
 * Remembers complete streams that a hub let go, so that their clients are told "nothing left" (204), or what they
 * missed, instead of being given an empty new stream. Bounded: beyond `most` the one that ended first is forgotten.
 */
export class EndedStreams {
  readonly #most: number;
  readonly #byKey = new Map<string, EndedStream>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Remembers a stream if it is complete and its log cannot be opened again. */
  remember(key: string, log: ReplayLog): void {
    if (!log.volatile) return;
    const { epoch, head, ended } = log.bounds();
    if (!ended) return;
    this.#byKey.delete(key);
    this.#byKey.set(key, { epoch, head });
    for (const oldest of this.#byKey.keys()) {
      if (this.#byKey.size <= this.#most) break;
      this.#byKey.delete(oldest);
    }
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  get(key: string): EndedStream | undefined {
    return this.#byKey.get(key);
  }

  /** The key is used anew. */
  forget(key: string): void {
    this.#byKey.delete(key);
  }
}

/** A log that holds nothing and is complete: its readers are told what they missed and that it ended. */
export function createEndedLog({ epoch, head }: EndedStream): ReplayLog {
  const bounds: LogBounds = { epoch, oldest: head + 1, head, bytes: 0, oldestUnixMs: null, ended: true };
  const nothing = (): void => undefined;
  return {
    open: nothing,
    bounds: () => bounds,
    append: () => {
      throw new SseKitError('ERR_STREAM_ENDED', 'the stream has ended');
    },
    read: (after): LogRead => ({
      kind: after.epoch === epoch && after.seq === head ? 'caught-up' : 'gone',
    }),
    refresh: nothing,
    end: nothing,
    close: nothing,
  };
}
