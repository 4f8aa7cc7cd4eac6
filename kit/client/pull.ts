import { SseKitError } from '../protocol/errors.ts';
import type { CloseReason } from './core/state.ts';
import { UNFINISHED } from './delivery.ts';
import type { Driver } from './driver.ts';
import type { StreamEvent } from './event.ts';

interface Pending {
  readonly event: StreamEvent;
  /** Ends the wait of delivery, with a promise when that has to be waited for. */
  readonly finish: (result: unknown) => void;
}

type Result = IteratorResult<StreamEvent>;

/** Turns the push of delivery into a pull: an event counts as handled when the next one is asked for. */
export interface Pull {
  readonly handle: (event: StreamEvent) => Promise<unknown>;
  readonly iterate: (driver: Driver) => AsyncIterator<StreamEvent>;
  /** Hands an event that waits for a consumer to one that came along and does not iterate. */
  readonly redirect: (handle: (event: StreamEvent) => unknown) => void;
  readonly end: (reason: CloseReason) => void;
}

/** Makes a pull that nobody pulls yet: the first event waits. */
export function createPull(): Pull {
  /** The event that waits for the consumer or, when `taken`, is in its hands. */
  let pending: Pending | null = null;
  let taken = false;
  /** More than one when the consumer asks for several events at once. */
  let waiters: Array<(result: Result | Promise<Result>) => void> = [];
  let iterated = false;

  /** Gives up what is pending: as handled, or to a handler that decides about it. */
  const finish = (handle?: (event: StreamEvent) => unknown): void => {
    pending?.finish(handle && Promise.resolve(pending.event).then(handle));
    pending = null;
    taken = false;
  };
  /** While somebody waits: what is in the consumer's hands is done with, and what waits for it is handed over. */
  const advance = (): void => {
    if (waiters.length === 0) return;
    if (taken) finish();
    if (!pending) return;
    taken = true;
    waiters.shift()?.({ done: false, value: pending.event });
    advance();
  };
  const end = (reason: CloseReason): void => {
    for (const resolve of waiters) {
      iterated = false;
      resolve(last(reason));
    }
    waiters = [];
    finish(() => {
      throw UNFINISHED;
    });
  };

  return {
    handle: (event) =>
      new Promise((finish) => {
        pending = { event, finish };
        advance();
      }),
    iterate(driver) {
      if (iterated) throw new SseKitError('ERR_ALREADY_ITERATED', 'a stream can be iterated once at a time');
      iterated = true;
      return {
        next: () =>
          new Promise((resolve) => {
            waiters.push(resolve);
            advance();
            const state = driver.state();
            if (state.name === 'closed') end(state.reason);
          }),
        async return() {
          iterated = false;
          void driver.close('iteration ended');
          return { done: true, value: undefined };
        },
      };
    },
    redirect(handle) {
      if (!iterated && !taken) finish(handle);
    },
    end,
  };
}

/** What an iteration ends with. */
async function last(reason: CloseReason): Promise<Result> {
  if (reason.type === 'failed') throw reason.error;
  if (reason.type !== 'gave-up') return { done: true, value: undefined };
  const { message, error } = reason.failure;
  throw new SseKitError('ERR_GAVE_UP', `gave up: ${message}`, { cause: error });
}
