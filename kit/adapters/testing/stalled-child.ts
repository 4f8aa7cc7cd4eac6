/**
 * A server of its own process for the memory test: its RSS holds neither clients nor test runner. On `baseline` it
 * settles and answers with its RSS; on `publish` it publishes 20 MB and answers with the RSS after, and with what its
 * stalled readers look like.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createEventStream, createMemoryLog } from '../../server/index.ts';
import { nodeHandler } from '../node-http.ts';

const EVENT_BYTES = 2000;
const EVENTS = 10_000;

const stream = createEventStream({ log: createMemoryLog({ maxEvents: 500 }), writeStallMs: 600_000 });
const server = createServer(nodeHandler(stream));
const payload = 'x'.repeat(EVENT_BYTES);

async function publishAll(): Promise<void> {
  for (let n = 0; n < EVENTS; n++) {
    await stream.publish('bulk', { n, payload });
    // Lets sockets work, as a server between publications does.
    if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

function rss(): number {
  // Garbage is not growth: what counts is what readers make the server keep.
  for (let n = 0; n < 4; n++) globalThis.gc?.();
  return process.memoryUsage().rss;
}

process.on('message', async (message) => {
  if (message === 'baseline') {
    await publishAll();
    process.send?.({ rss: rss(), ...stream.stats() });
  } else if (message === 'publish') {
    await publishAll();
    process.send?.({ rss: rss(), ...stream.stats() });
  }
});
process.on('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
