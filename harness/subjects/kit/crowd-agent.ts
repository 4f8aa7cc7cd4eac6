import { createInterface } from 'node:readline';
import { connect } from '../../../kit/client/node/index.ts';
import { type Agent, type AgentOptions, startAgent } from './agent.ts';

/**
 * Many of the kit's Node clients in one process. Line by line on stdin: `{"start": …, "names": […], "seeds": […]}`; on
 * stdout `{"records": […]}`, one line per turn of the event loop. The end of stdin ends all.
 */
interface Start {
  readonly start: Omit<AgentOptions, 'record' | 'connect' | 'store' | 'subject' | 'seed'>;
  readonly names: readonly string[];
  readonly seeds: readonly number[];
}

const agents: Agent[] = [];
const say = (message: unknown) => process.stdout.write(`${JSON.stringify(message)}\n`);

let waiting: unknown[] = [];
const record = (entry: unknown): void => {
  if (waiting.push(entry) > 1) return;
  setImmediate(() => {
    const records = waiting;
    waiting = [];
    say({ records });
  });
};

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const { start, names, seeds } = JSON.parse(line) as Start;
  names.forEach((subject, index) => {
    agents.push(startAgent({ ...start, subject, seed: seeds[index] ?? index, connect, record }));
  });
});
lines.on('close', () => {
  void Promise.all(agents.map((agent) => agent.close())).then(() => {
    setImmediate(() => process.exit(0));
  });
});
say({ ready: true });
