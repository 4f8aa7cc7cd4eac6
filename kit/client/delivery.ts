import { backoffDelay } from './core/backoff.ts';
import type { StreamEvent, WireEvent } from './event.ts';
import type { ClientFactBody } from './facts.ts';
import type { Clock } from './ports.ts';

/** Thrown where the end of the client interrupts a handler: it neither finished nor failed. Never seen by users. */
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
  /** The time at which a handler is called, in milliseconds; anything when nobody wants to know how long it took. */
  readonly startedAt: () => number;
  /** The handler finished (or the event was given up): the cursor moves. `event` is null for a move without one. */
  readonly commit: (cursor: string | null, event: StreamEvent | null, startedAt: number) => void;
  readonly fact: (fact: ClientFactBody) => void;
  /** The failure policy says stop. */
  readonly stop: (error: unknown) => void;
}

/** Handles several events at a time, but those of one key one after the other. */
export interface Concurrency {
  /** Events handled at a time, at most. Default 1. */
  readonly limit: number;
  /** Events with the same key keep their order. */
  readonly key: (event: StreamEvent) => string;
}

/** Runs the handler, one event of a key after the other, and commits in order. */
export interface Delivery {
  /** Takes the next event; without one (`null`) only the cursor moves, when what is before it is done. */
  offer(event: StreamEvent | null, cursor: string | null): void;
  /** Resolves when more may be read; `null` when it may already. */
  idle(): Promise<void> | null;
  /** Resolves when everything offered is done; `null` when it is already. */
  drained(): Promise<void> | null;
  /** Drops what has not begun. What runs is committed when it finishes. */
  stop(): void;
  /** Takes events again after `stop`. */
  start(): void;
}

/** What is not committed yet: an event that could not be handled at once, or a move of the cursor behind one. */
interface Item {
  readonly event: StreamEvent | null;
  readonly cursor: string | null;
  startedAt: number;
  /** Nothing will happen to it any more. */
  over: boolean;
  /** Otherwise the cursor passes neither it nor what is behind it. */
  handled: boolean;
  /** Resolves when it is over. */
  ending?: Promise<void>;
  cancelRetry?: () => void;
}

/**
 * Delivery in `limit` lanes, each serial: a key always goes to the same lane, as to a partition of a log. The cursor
 * moves over a finished event only when all before it are finished.
 *
 * While handlers are synchronous nothing is queued and no promise is made: an event costs a call. A promise makes the
 * events that were already read wait; more are not read until there is room for them.
 */
export function createDelivery(ports: DeliveryPorts, { limit, key }: Concurrency): Delivery {
  const { clock, failure } = ports;
  /** In order. The first is not over. */
  const items: Item[] = [];
  /** Each resolves when all that was given to the lane is over. */
  const lanes: Array<Promise<void> | undefined> = [];
  let stopped = false;
  /** Something was not handled: the cursor stays where it is. */
  let broken = false;

  const call = (event: StreamEvent, item: Item): unknown => {
    if (stopped) throw UNFINISHED;
    item.startedAt = ports.startedAt();
    // It may have been the key that failed: then it fails again, as often as the policy says.
    if (event.attempt > 1) key(event);
    return ports.handle(event);
  };
  /**
   * Brings an event to its end, whatever it takes.
   * @param first its first attempt: a call of the handler, or what came of one.
   * @param before what it waits for.
   */
  const work = async (
    event: WireEvent,
    item: Item,
    first: typeof call,
    before: Promise<void> | undefined,
  ): Promise<void> => {
    let attempted = first;
    if (before) await before;
    for (;;) {
      try {
        const result = attempted(event, item);
        if (isThenable(result)) await result;
        item.handled = true;
      } catch (error) {
        const { attempt } = event;
        if (error !== UNFINISHED) ports.fact({ kind: 'handler-failed', event, attempt, error });
        if (!stopped && attempt < failure.attempts) {
          attempted = call;
          event.attempt = attempt + 1;
          event.redelivery = true;
          const backoff = { ...failure, factor: 2, jitter: 'full' } as const;
          await new Promise<void>((resolve) => {
            const cancel = clock.setTimeout(resolve, backoffDelay(backoff, attempt, 0, ports.random()));
            item.cancelRetry = () => {
              cancel();
              resolve();
            };
          });
          continue;
        }
        if (!stopped && failure.otherwise === 'stop') {
          stopped = true;
          ports.stop(error);
        } else if (!stopped) {
          ports.fact({ kind: 'dead-letter', reason: 'handler', event, error });
          item.handled = true;
        }
      }
      break;
    }
    item.over = true;
    for (let head = items[0]; head?.over; head = items[0]) {
      items.shift();
      broken ||= !head.handled;
      if (!broken) ports.commit(head.cursor, head.event, head.startedAt);
    }
  };
  const under = async (below: number): Promise<void> => {
    while (items.length >= below) await items[0]?.ending;
  };
  const room = (below: number): Promise<void> | null => (items.length < below ? null : under(below));

  return {
    offer(event, cursor) {
      if (stopped) return;
      const waits = items.length > 0;
      if (!event) {
        if (waits) items.push({ event, cursor, startedAt: 0, over: true, handled: true });
        else ports.commit(cursor, event, 0);
        return;
      }
      const startedAt = ports.startedAt();
      let lane = 0;
      let first = call;
      try {
        lane = hash(key(event)) % limit;
        if (!waits) {
          const result = ports.handle(event);
          if (isThenable(result)) first = returns(result);
        }
      } catch (error) {
        first = throws(error);
      }
      if (!waits && first === call) {
        ports.commit(cursor, event, startedAt);
        return;
      }
      const item: Item = { event, cursor, startedAt, over: false, handled: false };
      items.push(item);
      item.ending = work(event as WireEvent, item, first, waits ? lanes[lane] : undefined);
      lanes[lane] = item.ending;
    },
    idle: () => room(limit),
    drained: () => room(1),
    stop() {
      stopped = true;
      for (const { cancelRetry } of items) cancelRetry?.();
    },
    start() {
      stopped = broken = false;
    },
  };
}

const returns = (value: unknown) => () => value;
const throws = (error: unknown) => () => {
  throw error;
};

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
