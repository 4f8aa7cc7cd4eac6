// Server process of the replay bench: 100,000 events in a log, sent to whoever connects.
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nodeHandler } from '../../kit/adapters/node-http.ts';
import { createEnvelope, encodeFrame, formatPosition } from '../../kit/protocol/index.ts';
import { createEventStream, createMemoryLog } from '../../kit/server/index.ts';
import { serveParent } from '../support/child.ts';

const [, , contender = '', count = '0'] = process.argv;
const EVENTS = Number(count);
const EPOCH = 'benchEpoch01';
const WRITE_BYTES = 64 * 1024;
const data = (n: number) => ({ n, text: 'x'.repeat(60) });

/** The yardstick: a ring of framed Buffers, written 64 KiB at a time, the next after `drain`. */
function plainRing(): (response: ServerResponse) => Promise<void> {
  const frames = Array.from({ length: EVENTS }, (_, i) => {
    const position = { epoch: EPOCH, seq: i + 1 };
    const envelope = createEnvelope({
      source: '/streams/bench',
      type: 'tick',
      data: data(i + 1),
      position,
      unixMs: 1_700_000_000_000,
    });
    return Buffer.from(
      encodeFrame({ event: 'tick', id: formatPosition(position), data: JSON.stringify(envelope) }),
    );
  });
  return async (response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
    let batch: Buffer[] = [];
    let bytes = 0;
    const flush = async () => {
      if (!response.write(Buffer.concat(batch, bytes))) await once(response, 'drain');
      batch = [];
      bytes = 0;
    };
    for (const frame of frames) {
      if (bytes + frame.length > WRITE_BYTES) await flush();
      batch.push(frame);
      bytes += frame.length;
    }
    await flush();
  };
}

const server = createServer();
if (contender === 'kit') {
  const log = createMemoryLog({ maxEvents: EVENTS, maxBytes: 1e9, epoch: EPOCH });
  const stream = createEventStream({ name: 'bench', log, heartbeat: 'off' });
  for (let n = 1; n <= EVENTS; n++) await stream.publish('tick', data(n));
  server.on('request', nodeHandler(stream));
} else {
  const replay = plainRing();
  server.on('request', (_request, response: ServerResponse) => void replay(response));
}
server.listen(0, '127.0.0.1');
await once(server, 'listening');

serveParent((message: { op: 'port' | 'cpu' }) => {
  const { user, system } = process.cpuUsage();
  return message.op === 'port'
    ? { port: (server.address() as AddressInfo).port }
    : { cpuMicros: user + system };
});
