import { createInterface } from 'node:readline';
import { NODE_PEERS } from './node-clients.ts';
import { peerRecorder } from './records.ts';
import type { PeerSettings } from './types.ts';

/**
 * A peer client as a program of its own. On stdin `{"start": {peer, url, subject, stream, settings}}`; on stdout `{"ready": true}`
 * and `{"record": …}`. The end of stdin ends it. Errors that the peer lets escape end it too, and are its result.
 */
interface Start {
  readonly peer: string;
  readonly url: string;
  readonly subject: string;
  readonly stream: string;
  readonly settings: PeerSettings;
}

const say = (message: unknown) => process.stdout.write(`${JSON.stringify(message)}\n`);
let close = (): void => undefined;

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const { start } = JSON.parse(line) as { start: Start };
  const peer = NODE_PEERS[start.peer];
  if (!peer) throw new Error(`no peer ${start.peer}`);
  close = peer(
    start.url,
    peerRecorder(start.subject, start.stream, (record) => say({ record })),
    start.settings,
  );
});
lines.on('close', () => {
  close();
  process.exit(0);
});
say({ ready: true });
