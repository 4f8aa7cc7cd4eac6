import { backoffDelay } from './core/backoff.ts';
import type { StreamEvent, WireEvent } from './event.ts';
import type { ClientFactBody } from './facts.ts';
import type { Clock } from './ports.ts';

/** Rejection of a handler that the end of the client interrupted: it neither finished nor failed. Never seen by users. */
export const UNFINISHED = Symbol('unfinished');

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

/** Handles several events at a time, but those of one key one after the other. */
export interface Concurrency {
  /** Events handled at a time, at most. */
  readonly limit: number;
  /** Events with the same key keep their order. */
  readonly key: (event: StreamEvent) => string;
}

/** Runs the handler, one event of a key after the other, and commits in order. */
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

/** An event that could not be handled at once, or a move of the cursor behind one. */
interface Item {
  readonly event: WireEvent | null;
  readonly cursor: string | null;
  /** Where it is handled; `null` when its key could not be told. */
  readonly lane: number | null;
  /** `waiting` for its turn, for the next attempt or, when stopped, for nothing any more. */
  state: 'waiting' | 'running' | 'done';
  startedAt: number;
  /** What waits behind it in its lane. */
  next: Item | null;
  cancelRetry: (() => void) | null;
}

/**
 * Delivery in lanes, each serial: one, or `concurrency.limit`, and then a key always goes to the same lane, as to a
 * partition of a log. The cursor moves over a finished event only when all before it are finished.
 *
 * While handlers are synchronous nothing is queued and no promise is made: an event costs a call. A promise makes the
 * events that were already read wait; more are not read until there is room for them.
 */
export function createDelivery(ports: DeliveryPorts, concurrency?: Concurrency): Delivery {
  const { clock, failure } = ports;
  /** What is not committed yet, in order. Unless stopped, the first of them goes on by itself. */
  let items: Item[] = [];
  /** The last event of each lane, as far as they are among the items. */
  let tails: Item[] = [];
  let stopped = false;
  let waiters: Array<{ readonly below: number; readonly resolve: () => void }> = [];

  const laneOf = (event: StreamEvent): number =>
    concurrency ? hash(concurrency.key(event)) % concurrency.limit : 0;
  const append = (
    event: WireEvent | null,
    cursor: string | null,
    lane: number | null,
    state: Item['state'],
    startedAt = 0,
  ): Item => {
    const item: Item = { event, cursor, lane, state, startedAt, next: null, cancelRetry: null };
    items.push(item);
    if (event) tails[lane ?? 0] = item;
    return item;
  };
  /**
   * Calls the handler.
   * @param waited the item of the event, if it has one already.
   * @returns its item; `null` when it needs none, because it was over at once.
   */
  const run = (event: WireEvent, cursor: string | null, waited: Item | null): Item | null => {
    const startedAt = ports.timed() ? clock.monotonic() : 0;
    let lane: number | null = null;
    let result: unknown;
    if (waited) {
      lane = waited.lane;
      waited.state = 'running';
      waited.startedAt = startedAt;
    }
    try {
      lane ??= laneOf(event);
      result = ports.handle(event);
    } catch (error) {
      const item = waited ?? append(event, cursor, lane, 'running', startedAt);
      failed(item, event, error);
      return item;
    }
    if (isThenable(result)) {
      const item = waited ?? append(event, cursor, lane, 'running', startedAt);
      result.then(
        () => {
          item.state = 'done';
          goOn(item);
        },
        (error: unknown) => {
          failed(item, event, error);
          goOn(item);
        },
      );
      return item;
    }
    if (waited) waited.state = 'done';
    else ports.commit(cursor, event, startedAt);
    return waited;
  };
  const failed = (item: Item, event: WireEvent, error: unknown): void => {
    const { attempt } = event;
    item.state = 'waiting';
    if (error === UNFINISHED) return;
    ports.fact({ kind: 'handler-failed', event, attempt, error });
    if (stopped) return;
    if (attempt < failure.attempts) {
      event.attempt = attempt + 1;
      event.redelivery = true;
      const backoff = { ...failure, factor: 2, jitter: 'full' } as const;
      item.cancelRetry = clock.setTimeout(
        () => {
          run(event, item.cursor, item);
          goOn(item);
        },
        backoffDelay(backoff, attempt, 0, ports.random()),
      );
    } else if (failure.otherwise === 'stop') ports.stop(error);
    else {
      ports.fact({ kind: 'dead-letter', reason: 'handler', event, error });
      item.state = 'done';
    }
  };
  /** After each step of an item: moves the cursor, and lets its lane go on for as long as that takes no waiting. */
  const goOn = (after: Item): void => {
    let item: Item | null = after;
    while (item) {
      for (let first = items[0]; first?.state === 'done'; first = items[0]) {
        items.shift();
        ports.commit(first.cursor, first.event, first.startedAt);
      }
      item = item.state === 'done' && !stopped ? item.next : null;
      if (item?.event) run(item.event, item.cursor, item);
    }
    settle();
  };
  const settle = (): void => {
    if (stopped && !items.some(({ state }) => state === 'running')) items = [];
    if (items.length === 0) tails = [];
    waiters = waiters.filter(({ below, resolve }) => {
      if (items.length >= below) return true;
      resolve();
      return false;
    });
  };
  const under = (below: number): Promise<void> | null =>
    items.length < below ? null : new Promise((resolve) => waiters.push({ below, resolve }));

  return {
    offer(event, cursor) {
      if (stopped) return;
      let item: Item | null = null;
      if (items.length > 0) {
        let lane: number | null = null;
        try {
          lane = laneOf(event);
        } catch {
          // thrown again where handlers fail
        }
        const before = tails[lane ?? 0];
        item = append(event as WireEvent, cursor, lane, 'waiting');
        if (before && before.state !== 'done') {
          before.next = item;
          return;
        }
      }
      item = run(event as WireEvent, cursor, item);
      if (item) goOn(item);
    },
    move(cursor) {
      if (stopped) return;
      if (items.length > 0) append(null, cursor, null, 'done');
      else ports.commit(cursor, null, 0);
    },
    idle: () => under(concurrency?.limit ?? 1),
    drained: () => under(1),
    stop() {
      stopped = true;
      for (const { cancelRetry } of items) cancelRetry?.();
      settle();
    },
    start() {
      stopped = false;
    },
  };
}

function hash(text: string): number {
  let value = 0;
  for (let i = 0; i < text.length; i++) value = (value * 31 + text.charCodeAt(i)) >>> 0;
  return value;
}

/** Whether it is a promise, of whatever make. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
