import { SseKitError } from '../protocol/errors.ts';
import { backoffDelay } from './core/backoff.ts';
import type { StreamEvent, WireEvent } from './event.ts';
import type { ClientFactBody } from './facts.ts';
import type { Clock } from './ports.ts';

/** The handler was interrupted by the end of the client: it neither finished nor failed. Never seen by users. */
export const UNFINISHED = 'ERR_UNFINISHED';

/** What happens when the handler throws or rejects. */
export interface HandlerFailurePolicy {
  /** Times the handler is called for one event, in all. Default 1. */
  readonly attempts: number;
  /** Wait before the second call; doubles from call to call, with full jitter. Default 200. */
  readonly baseMs: number;
  /** Default 10,000. */
  readonly maxMs: number;
  /** Afterwards: go on without the event, which `onDeadLetter` gets (default), or close, with the cursor before it. */
  readonly otherwise: 'dead-letter' | 'stop';
}

/** Handles one event; what it returns or resolves to is ignored. */
export type Handle = (event: StreamEvent) => unknown;

/** What delivery needs of its surroundings. */
export interface DeliveryPorts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly handle: Handle;
  readonly failure: HandlerFailurePolicy;
  /** Whether anybody wants to know how long the handler took. */
  readonly timed: () => boolean;
  /** The handler finished (or the event was given up): the cursor moves. `event` is null for a move without one. */
  readonly commit: (cursor: string | null, event: StreamEvent | null, startedAt: number) => void;
  readonly fact: (fact: ClientFactBody) => void;
  /** The failure policy says stop. */
  readonly stop: (error: unknown) => void;
}

/** Runs the handler, one event after the other, and commits in order. */
export interface Delivery {
  offer(event: StreamEvent, cursor: string | null): void;
  move(cursor: string | null): void;
  /** Resolves when more may be read; `null` when it may already. */
  idle(): Promise<void> | null;
  /** Resolves when everything offered is done; `null` when it is already. */
  drained(): Promise<void> | null;
  /** Drops what has not begun. What runs is committed when it finishes. */
  stop(): void;
  /** Takes events again after `stop`. */
  start(): void;
}

interface Item {
  readonly event: WireEvent | null;
  readonly cursor: string | null;
}

/**
 * Serial delivery. While handlers are synchronous nothing is queued and no promise is made: an event costs a call.
 * A promise makes the events that were already read wait; more are not read until they are done.
 */
export function createDelivery(ports: DeliveryPorts): Delivery {
  const { clock, failure } = ports;
  let queue: Item[] = [];
  let busy = false;
  let stopped = false;
  let cancelWait: (() => void) | null = null;
  let waiters: Array<() => void> = [];

  /** @returns true when the item is done, false when it goes on by itself. */
  const run = (event: WireEvent, cursor: string | null): boolean => {
    const startedAt = ports.timed() ? clock.monotonic() : 0;
    let result: unknown;
    try {
      result = ports.handle(event);
    } catch (error) {
      return failed(event, cursor, startedAt, error);
    }
    if (!isThenable(result)) {
      ports.commit(cursor, event, startedAt);
      return true;
    }
    busy = true;
    result.then(
      () => {
        ports.commit(cursor, event, startedAt);
        next();
      },
      (error: unknown) => {
        if (failed(event, cursor, startedAt, error)) next();
      },
    );
    return false;
  };
  const failed = (event: WireEvent, cursor: string | null, startedAt: number, error: unknown): boolean => {
    const { attempt } = event;
    if (error instanceof SseKitError && error.code === UNFINISHED) return true;
    ports.fact({ kind: 'handler-failed', event, attempt, error });
    if (stopped) return true;
    if (attempt < failure.attempts) {
      busy = true;
      event.attempt = attempt + 1;
      event.redelivery = true;
      const backoff = { ...failure, factor: 2, jitter: 'full' } as const;
      cancelWait = clock.setTimeout(
        () => {
          cancelWait = null;
          if (run(event, cursor)) next();
        },
        backoffDelay(backoff, attempt, 0, ports.random()),
      );
      return false;
    }
    if (failure.otherwise === 'stop') {
      ports.stop(error);
      return true;
    }
    ports.fact({ kind: 'dead-letter', reason: 'handler', event, error });
    ports.commit(cursor, event, startedAt);
    return true;
  };
  const next = (): void => {
    busy = false;
    let index = 0;
    while (index < queue.length && !stopped) {
      const { event, cursor } = queue[index++] as Item;
      if (!event) ports.commit(cursor, null, 0);
      else if (!run(event, cursor)) {
        queue = queue.slice(index);
        return;
      }
    }
    queue = [];
    const done = waiters;
    waiters = [];
    for (const resolve of done) resolve();
  };

  const drained = (): Promise<void> | null =>
    busy ? new Promise<void>((resolve) => waiters.push(resolve)) : null;

  return {
    offer(event, cursor) {
      if (stopped) return;
      if (busy) queue.push({ event: event as WireEvent, cursor });
      else run(event as WireEvent, cursor);
    },
    move(cursor) {
      if (stopped) return;
      if (busy) queue.push({ event: null, cursor });
      else ports.commit(cursor, null, 0);
    },
    idle: drained,
    drained,
    stop() {
      stopped = true;
      queue = [];
      if (cancelWait) {
        cancelWait();
        cancelWait = null;
        next();
      }
    },
    start() {
      stopped = false;
    },
  };
}

/** Whether it is a promise, of whatever make. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
