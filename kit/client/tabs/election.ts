import type { LockPort } from './ports.ts';

/** What an election tells. */
export interface ElectionEvents {
  readonly elected: () => void;
  /** Another tab took the lead by force, because this one did not answer. */
  readonly deposed: () => void;
  /** Locks do not work here at all. */
  readonly failed: (error: unknown) => void;
}

/** Who leads: whoever holds the lock. The browser gives it to the next tab when this one goes, however it goes. */
export interface Election {
  join(): void;
  /** Takes the lock from a leader that does not answer. */
  steal(): void;
  /** Gives the lock, or the place in the queue, back. */
  leave(): void;
}

interface Term {
  readonly controller: AbortController;
  release: () => void;
  held: boolean;
}

/** @param name of the lock. */
export function createElection(locks: LockPort, name: string, events: ElectionEvents): Election {
  let term: Term | null = null;

  const run = (force: boolean): void => {
    const own: Term = { controller: new AbortController(), release: () => undefined, held: false };
    term = own;
    const options = force ? { steal: true } : { signal: own.controller.signal };
    const held = (): Promise<void> => {
      if (term !== own) return Promise.resolve();
      own.held = true;
      const until = new Promise<void>((resolve) => {
        own.release = resolve;
      });
      events.elected();
      return until;
    };
    locks.request(name, options, held).catch((error: unknown) => {
      if (term !== own) return; // left, or asks again in another way
      term = null;
      if (!own.held) {
        events.failed(error);
        return;
      }
      events.deposed();
      run(false);
    });
  };
  const leave = (): void => {
    const own = term;
    term = null;
    own?.release();
    own?.controller.abort();
  };
  return {
    join: () => {
      if (!term) run(false);
    },
    steal() {
      if (term?.held) return;
      leave();
      run(true);
    },
    leave,
  };
}
