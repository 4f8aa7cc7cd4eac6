import type { HistoryRecord } from '../history/types.ts';
import { programBeside } from '../runner/child.ts';
import { deriveSeed } from '../runner/random.ts';
import { startAgentProcess } from './agent-process.ts';
import type { SubjectSession, SubjectStart } from './types.ts';

const ENTRY = programBeside(import.meta.url, 'kit/crowd-agent');
const STOP_MS = 5000;

/** Starts many of the kit's clients in one Node process of their own, as different users of one service. */
export async function startKitCrowd(
  names: readonly string[],
  { record, seed, ...start }: SubjectStart,
): Promise<SubjectSession> {
  const { child, session } = await startAgentProcess({
    name: 'crowd',
    entry: ENTRY,
    stopMs: STOP_MS,
    onMessage: (message) => {
      if (Array.isArray(message.records)) (message.records as HistoryRecord[]).forEach(record);
    },
  });
  child.send({ start, names, seeds: names.map((name) => deriveSeed(seed, name)) });
  return { ...session, metrics: () => Promise.resolve('') };
}
