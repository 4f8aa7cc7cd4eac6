// Server process of the loopback bench: the same recording to everybody, 16 KiB at a time.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveParent } from '../support/child.ts';
import { recording } from '../support/recording.ts';

const bytes = recording(Number(process.argv[2]));
const server = createServer(async (_request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  for (let at = 0; at < bytes.length; at += 16_384) {
    if (!response.write(bytes.subarray(at, at + 16_384))) await once(response, 'drain');
  }
  response.end();
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
serveParent(() => ({ port: (server.address() as AddressInfo).port }));
