import type { HistoryRecord } from '../history/types.ts';
import { SseKitError } from '../../kit/protocol/index.ts';

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
  return {
    records,
    add(record) {
      records.push(record);
      sink(record);
      poke();
    },
    poke,
    until(what, satisfied, timeoutMs) {
      if (satisfied()) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waits.delete(wait);
          reject(new SseKitError('ERR_SCENARIO_TIMEOUT', `waited ${timeoutMs} ms in vain until ${what}`));
        }, timeoutMs);
        const wait: Wait = {
          satisfied,
          done: () => {
            clearTimeout(timer);
            resolve();
          },
        };
        waits.add(wait);
      });
    },
  };
}
