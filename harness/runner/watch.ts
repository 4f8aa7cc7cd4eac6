import { SseKitError } from '../../kit/protocol/index.ts';
import type { HistoryRecord } from '../history/types.ts';

/**
 * The growing history of a run, with waits that are events: a wait is checked when a record arrives and at no other
 * time.
 */
export interface HistoryWatch {
  readonly records: readonly HistoryRecord[];
  add(record: HistoryRecord): void;
  /** Checks the waits again, for conditions that are not in the history (bytes counted by a tap). */
  poke(): void;
  /**
   * Resolves when `satisfied` holds, at once if it does already.
   * @throws SseKitError `ERR_SCENARIO_TIMEOUT` after `timeoutMs`, naming `what` was waited for.
   */
  until(what: string, satisfied: () => boolean, timeoutMs: number): Promise<void>;
  /** The same without a failure: whether it held within `timeoutMs`. */
  settles(satisfied: () => boolean, timeoutMs: number): Promise<boolean>;
}

interface Wait {
  readonly satisfied: () => boolean;
  readonly done: () => void;
}

export function createHistoryWatch(sink: (record: HistoryRecord) => void): HistoryWatch {
  const records: HistoryRecord[] = [];
  const waits = new Set<Wait>();
  const poke = () => {
    for (const wait of waits) {
      if (wait.satisfied()) {
        waits.delete(wait);
        wait.done();
      }
    }
  };
  const settles = (satisfied: () => boolean, timeoutMs: number): Promise<boolean> => {
    if (satisfied()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        waits.delete(wait);
        resolve(false);
      }, timeoutMs);
      const wait: Wait = {
        satisfied,
        done: () => {
          clearTimeout(timer);
          resolve(true);
        },
      };
      waits.add(wait);
    });
  };
  return {
    records,
    add(record) {
      records.push(record);
      sink(record);
      poke();
    },
    poke,
    settles,
    async until(what, satisfied, timeoutMs) {
      if (await settles(satisfied, timeoutMs)) return;
      throw new SseKitError('ERR_SCENARIO_TIMEOUT', `waited ${timeoutMs} ms in vain until ${what}`);
    },
  };
}
