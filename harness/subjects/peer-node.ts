import { fileURLToPath } from 'node:url';
import type { HistoryRecord } from '../history/types.ts';
import { startAgentProcess } from './agent-process.ts';
import { claimsOf, versionOf } from './peers/claims.ts';
import type { Subject } from './types.ts';

const ENTRY = fileURLToPath(new URL('./peers/node-agent.ts', import.meta.url));

/** Clients of `peers/node-clients.ts`, which only the child process loads. */
export const NODE_PEER_NAMES = [
  'eventsource',
  'eventsource-client',
  '@microsoft/fetch-event-source',
  'reconnecting-eventsource',
  'launchdarkly-eventsource',
] as const;

/** Another project's Node client in a process of its own. */
export function peerNode(peer: (typeof NODE_PEER_NAMES)[number]): Subject {
  const name = `${peer}/node`;
  return {
    name,
    version: `${peer} ${versionOf(peer)}, Node ${process.versions.node}`,
    capabilities: new Set(claimsOf(peer)),
    async start({ url, stream, settings, record, name: alias = name }) {
      const { child, session } = await startAgentProcess({
        name,
        entry: ENTRY,
        onMessage: (message) => {
          if (message.record) record(message.record as HistoryRecord);
        },
      });
      child.send({ start: { peer, url, stream, settings, subject: alias } });
      return { ...session, metrics: () => Promise.resolve('') };
    },
  };
}
