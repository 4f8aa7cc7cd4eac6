import { createInterface } from 'node:readline';
import { connect } from '../../../kit/client/node/index.ts';
import { type Agent, type AgentOptions, startAgent } from './agent.ts';

/**
 * The kit's Node client as a program of its own, so that it can be killed. Line by line on stdin: `{"start": …}`,
 * `{"metrics": true}`; on stdout: `{"record": …}` and `{"metrics": "…"}`. The end of stdin ends it.
 */
let agent: Agent | undefined;

const say = (message: unknown) => process.stdout.write(`${JSON.stringify(message)}\n`);

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const message = JSON.parse(line) as { start?: Omit<AgentOptions, 'record' | 'connect'>; metrics?: true };
  if (message.start) agent = startAgent({ ...message.start, connect, record: (record) => say({ record }) });
  if (message.metrics) say({ metrics: agent?.metrics() ?? '' });
});
lines.on('close', () => {
  void (agent?.close() ?? Promise.resolve()).then(() => process.exit(0));
});
say({ ready: true });
