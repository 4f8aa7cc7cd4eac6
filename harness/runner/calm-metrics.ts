import type { HistoryRecord } from '../history/types.ts';
import { readPrometheus, type Samples } from '../report/prom-text.ts';

/** The numbers of client and server as they were before the first fault. */
export interface CalmMetrics {
  /** Sees every record of the run: the first fault after the first open makes it read the numbers. */
  see(record: HistoryRecord): void;
  /** Reads them now, unless they were read already; resolves when that is done. For faults that kill who would answer. */
  take(): Promise<void>;
  /** What was read; nobody who did not answer is in it, nor is anything when no fault met an open connection. */
  numbers(): Promise<Samples>;
}

/** Time for an answer: a client that sleeps or a server that is gone must not hold the run up. */
const ANSWER_MS = 3000;

/** @param sources give Prometheus text; one that fails or is late is left out. */
export function createCalmMetrics(sources: readonly (() => Promise<string> | undefined)[]): CalmMetrics {
  let opened = false;
  let taken: Promise<readonly string[]> | undefined;
  const take = () => {
    taken ??= Promise.all(sources.map((source) => inTime(source() ?? Promise.resolve(''))));
    return taken;
  };
  return {
    see(record) {
      if (record.kind === 'open') opened = true;
      if (opened && record.kind === 'fault' && (record.phase === 'armed' || record.phase === 'fired')) {
        void take();
      }
    },
    take: async () => {
      await take();
    },
    numbers: async () => Object.assign({}, ...((await taken) ?? []).map(readPrometheus)) as Samples,
  };
}

function inTime(answer: Promise<string>): Promise<string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(''), ANSWER_MS);
    const done = (text: string) => {
      clearTimeout(timer);
      resolve(text);
    };
    answer.then(done, () => done(''));
  });
}
