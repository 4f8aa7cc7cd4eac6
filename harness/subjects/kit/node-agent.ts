import { createInterface } from 'node:readline';
import { fileCursorStore } from '../../../kit/client/node/file-cursor-store.ts';
import { connect } from '../../../kit/client/node/index.ts';
import { type Agent, type AgentOptions, startAgent } from './agent.ts';

/**
 * The kit's Node client as a program of its own, so that it can be killed. Line by line on stdin: `{"start": …}`,
 * `{"metrics": true}`, `{"reconnect": true}`; on stdout: `{"record": …}` and `{"metrics": "…"}`. The end of stdin ends it.
 */
type Start = Omit<AgentOptions, 'record' | 'connect' | 'store'> & { cursorFile?: string };

let agent: Agent | undefined;

const say = (message: unknown) => process.stdout.write(`${JSON.stringify(message)}\n`);

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const message = JSON.parse(line) as { start?: Start; metrics?: true; reconnect?: true };
  if (message.start) {
    const { cursorFile, ...start } = message.start;
    const store = cursorFile === undefined ? {} : { store: fileCursorStore({ path: cursorFile }) };
    agent = startAgent({ ...start, ...store, connect, record: (record) => say({ record }) });
  }
  if (message.reconnect) agent?.reconnect();
  if (message.metrics) say({ metrics: agent?.metrics() ?? '' });
});
lines.on('close', () => {
  void (agent?.close() ?? Promise.resolve()).then(() => process.exit(0));
});
say({ ready: true });
