import { SseKitError } from '../protocol/errors.ts';
import type { CloseReason } from './core/state.ts';
import { UNFINISHED } from './delivery.ts';
import type { Driver } from './driver.ts';
import type { StreamEvent } from './event.ts';

interface Pending {
  readonly event: StreamEvent;
  readonly finish: () => void;
  readonly abandon: (error: unknown) => void;
}

interface Waiter {
  readonly resolve: (result: IteratorResult<StreamEvent>) => void;
  readonly reject: (error: unknown) => void;
}

/** Turns the push of delivery into a pull: an event counts as handled when the next one is asked for. */
export interface Pull {
  readonly handle: (event: StreamEvent) => Promise<void>;
  readonly iterate: (driver: Driver) => AsyncIterator<StreamEvent>;
  /** Hands an event that waits for a consumer to one that came along and does not iterate. */
  readonly redirect: (handle: (event: StreamEvent) => unknown) => void;
  readonly end: (reason: CloseReason) => void;
}

/** Makes a pull that nobody pulls yet: the first event waits. */
export function createPull(): Pull {
  let pending: Pending | null = null;
  /** Whether the consumer has `pending` in its hands. */
  let taken = false;
  /** More than one when the consumer asks for several events at once. */
  let waiters: Waiter[] = [];
  let iterated = false;
  let ended: CloseReason | null = null;

  const give = (): void => {
    if (!pending || taken) return;
    const waiter = waiters.shift();
    if (!waiter) return;
    taken = true;
    waiter.resolve({ done: false, value: pending.event });
    if (waiters.length > 0) settle();
  };
  const settle = (): void => {
    const finished = taken ? pending : null;
    if (!finished) return;
    pending = null;
    taken = false;
    finished.finish();
  };
  const over = (reason: CloseReason): void => {
    for (const { resolve, reject } of waiters) {
      iterated = false;
      if (reason.type === 'gave-up') {
        const message = `gave up: ${reason.failure.message}`;
        reject(new SseKitError('ERR_GAVE_UP', message, { cause: reason.failure.error }));
      } else if (reason.type === 'failed') reject(reason.error);
      else resolve({ done: true, value: undefined });
    }
    waiters = [];
  };

  return {
    handle: (event) =>
      new Promise<void>((finish, abandon) => {
        ended = null;
        pending = { event, finish, abandon };
        give();
      }),
    iterate(driver) {
      if (iterated) throw new SseKitError('ERR_ALREADY_ITERATED', 'a stream can be iterated once at a time');
      iterated = true;
      return {
        next: () =>
          new Promise((resolve, reject) => {
            settle();
            waiters.push({ resolve, reject });
            if (ended && driver.state().name === 'closed') over(ended);
            else give();
          }),
        async return() {
          iterated = false;
          driver.dispatch({ type: 'close', reason: { type: 'closed', cause: 'iteration ended' } });
          return { done: true, value: undefined };
        },
      };
    },
    redirect(handle) {
      if (iterated || !pending || taken) return;
      const { event, finish, abandon } = pending;
      pending = null;
      void Promise.resolve(event).then(handle).then(finish, abandon);
    },
    end(reason) {
      ended = reason;
      const left = pending;
      pending = null;
      taken = false;
      left?.abandon(UNFINISHED);
      over(reason);
    },
  };
}
