import type { HistoryRecord } from '../history/types.ts';
import { orExit, programBeside } from '../runner/child.ts';
import { startAgentProcess } from './agent-process.ts';
import { KIT_CAPABILITIES, KIT_VERSION } from './kit/capabilities.ts';
import { processLife } from './process-life.ts';
import type { Capability, Subject } from './types.ts';

const ENTRY = programBeside(import.meta.url, 'kit/node-agent');
const ANSWER_TIMEOUT_MS = 5_000;

/** The kit's client in a Node process of its own. */
export function kitNode(): Subject {
  const name = 'kit/node';
  return {
    name,
    version: `kit ${KIT_VERSION}, Node ${process.versions.node}`,
    capabilities: new Set([...KIT_CAPABILITIES, 'process', 'sleep', 'early-head', ...longRun()]),
    async start({ record, name: alias = name, ...start }) {
      const answers: ((text: string) => void)[] = [];
      const { child, session } = await startAgentProcess({
        name,
        entry: ENTRY,
        onMessage: (message) => {
          if (typeof message.metrics === 'string') answers.shift()?.(message.metrics);
          else if (message.record) record(message.record as HistoryRecord);
        },
      });
      child.send({ start: { ...start, subject: alias } });
      return {
        ...session,
        metrics: () => {
          const answer = new Promise<string>((resolve) => answers.push(resolve));
          child.send({ metrics: true });
          return orExit(name, child, answer, ANSWER_TIMEOUT_MS);
        },
        reconnect: async () => child.send({ reconnect: true }),
        life: processLife(child.pid),
      };
    },
  };
}

/** Scenarios that take minutes of real time are for whoever asks for them. */
function longRun(): readonly Capability[] {
  return process.env.SSE_KIT_LONG === '1' ? ['long-run'] : [];
}
