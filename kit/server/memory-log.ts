import { createEpoch, type Position, quote, SseKitError } from '../protocol/index.ts';
import { FrameRing, type RingLimits } from './frame-ring.ts';
import type { EventDraft, LogBounds, LogHost, LogRead, ReadLimit, ReplayLog } from './replay-log.ts';

/** Retention of a memory log. Whichever bound is met first drops the oldest events. */
export interface MemoryLogOptions extends RingLimits {
  /** Most events held; default 10,000. */
  readonly maxEvents?: number;
  /** Most bytes of frames held; default 16 MiB. */
  readonly maxBytes?: number;
  /** Longest time an event is held, milliseconds; default unlimited. */
  readonly maxAgeMs?: number;
  /** Incarnation; default a random one. For tests. */
  readonly epoch?: string;
}

/**
 * A replay log in this process's memory: synchronous, gone with the process (the next one has another epoch, so that
 * clients are told).
 * @throws SseKitError `ERR_INVALID_OPTION`
 */
export function createMemoryLog(options: MemoryLogOptions = {}): ReplayLog {
  return new MemoryLog(options);
}

class MemoryLog implements ReplayLog {
  readonly volatile = true;
  readonly #ring: FrameRing;
  readonly #epoch: string;
  readonly #maxAgeMs: number;
  #host: LogHost | null = null;
  #ended = false;
  #closed = false;

  constructor(options: MemoryLogOptions) {
    const { maxEvents = 10_000, maxBytes = 16 * 1024 * 1024, maxAgeMs = Number.POSITIVE_INFINITY } = options;
    for (const [name, value] of Object.entries({ maxEvents, maxBytes, maxAgeMs })) {
      if (!(value >= 1)) {
        throw new SseKitError('ERR_INVALID_OPTION', `${name} must be at least 1, got ${quote(value)}`);
      }
    }
    this.#ring = new FrameRing({ maxEvents, maxBytes });
    this.#epoch = options.epoch ?? createEpoch();
    this.#maxAgeMs = maxAgeMs;
  }

  open(host: LogHost): void {
    this.#host = host;
  }

  bounds(): LogBounds {
    this.#dropOld();
    const { oldest, head, bytes, oldestUnixMs } = this.#ring;
    return { epoch: this.#epoch, oldest, head, bytes, oldestUnixMs, ended: this.#ended };
  }

  append(draft: EventDraft): Position {
    const host = this.#host;
    if (!host || this.#closed) throw new SseKitError('ERR_LOG_CLOSED', 'the log is not open');
    if (this.#ended) throw new SseKitError('ERR_STREAM_ENDED', 'the stream has ended');
    const position = { epoch: this.#epoch, seq: this.#ring.head + 1 };
    this.#ring.append(host.encode(position, draft), draft.unixMs);
    this.#dropOld();
    host.advanced();
    return position;
  }

  read(after: Position, limit: ReadLimit): LogRead {
    if (after.epoch !== this.#epoch) return { kind: 'gone' };
    this.#dropOld();
    return this.#ring.read(after.seq, limit);
  }

  refresh(): void {
    // Nobody else writes here: the bounds are always current.
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#host?.advanced();
  }

  close(): void {
    this.#closed = true;
  }

  #dropOld(): void {
    if (this.#maxAgeMs === Number.POSITIVE_INFINITY || !this.#host) return;
    const deadline = this.#host.now() - this.#maxAgeMs;
    for (let at = this.#ring.oldestUnixMs; at !== null && at < deadline; at = this.#ring.oldestUnixMs) {
      this.#ring.dropOldest();
    }
  }
}
