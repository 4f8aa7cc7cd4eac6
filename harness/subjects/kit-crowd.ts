import type { HistoryRecord } from '../history/types.ts';
import { orExit, programBeside, spawnNdjson } from '../runner/child.ts';
import { deriveSeed } from '../runner/random.ts';
import type { SubjectSession, SubjectStart } from './types.ts';

const ENTRY = programBeside(import.meta.url, 'kit/crowd-agent');
const START_TIMEOUT_MS = 30_000;
const STOP_MS = 5000;

/** Starts many of the kit's clients in one Node process of their own, as different users of one service. */
export async function startKitCrowd(
  names: readonly string[],
  { record, seed, ...start }: SubjectStart,
): Promise<SubjectSession> {
  let onReady: () => void;
  const ready = new Promise<void>((resolve) => {
    onReady = resolve;
  });
  const child = spawnNdjson({
    name: 'crowd',
    entry: ENTRY,
    onMessage: (message) => {
      if (message.ready === true) onReady();
      else if (Array.isArray(message.records)) (message.records as HistoryRecord[]).forEach(record);
    },
  });
  await orExit('crowd', child, ready, START_TIMEOUT_MS);
  child.send({ start, names, seeds: names.map((name) => deriveSeed(seed, name)) });
  return {
    pid: child.pid,
    metrics: () => Promise.resolve(''),
    stop: async () => {
      await child.stop(STOP_MS);
    },
    log: child.log,
  };
}
