import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { HistoryRecord } from '../history/types.ts';
import { orExit, spawnNdjson } from '../runner/child.ts';
import type { Capability, Subject } from './types.ts';

const ENTRY = fileURLToPath(new URL('./peers/node-agent.ts', import.meta.url));
const START_TIMEOUT_MS = 30_000;

/** What these clients claim by their documentation. None dedupes, announces a loss or watches liveness by default. */
const CLAIMS: readonly Capability[] = ['connect', 'resume'];

/** Another project's Node client (see `peers/node-clients.ts` for the names), in a process of its own. */
export function peerNode(peer: string): Subject {
  const name = `${peer}/node`;
  return {
    name,
    version: `${peer} ${versionOf(peer)}, Node ${process.versions.node}`,
    capabilities: new Set([...CLAIMS, 'process']),
    async start({ url, stream, record }) {
      let onReady: () => void;
      const ready = new Promise<void>((resolve) => {
        onReady = resolve;
      });
      const child = spawnNdjson({
        name,
        entry: ENTRY,
        onMessage: (message) => {
          if (message.ready === true) onReady();
          else if (message.record) record(message.record as HistoryRecord);
        },
      });
      await orExit(name, child, ready, START_TIMEOUT_MS);
      child.send({ start: { peer, url, stream, subject: name } });
      return {
        metrics: () => Promise.resolve(''),
        kill: async () => {
          child.kill('SIGKILL');
          return { pid: child.pid, signal: (await child.exited).signal };
        },
        stop: async () => {
          await child.stop();
        },
        log: child.log,
      };
    },
  };
}

/** Version of an installed package, read from its manifest (not every package exports it). */
function versionOf(name: string): string {
  const require = createRequire(import.meta.url);
  const entry = require.resolve(name);
  const root = entry.slice(0, entry.lastIndexOf(`node_modules/${name}/`) + `node_modules/${name}/`.length);
  return (require(`${root}package.json`) as { version: string }).version;
}
