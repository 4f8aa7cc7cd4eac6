import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { connect, type StreamHandle } from './index.ts';

const servers: http.Server[] = [];
const streams: StreamHandle[] = [];
afterEach(async () => {
  await Promise.all(streams.splice(0).map((stream) => stream.close()));
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

async function serve(listener: http.RequestListener): Promise<string> {
  const server = http.createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('redirects on node:http', () => {
  it.each([301, 302, 303, 307, 308])(
    '%i keeps the cursor; credentials stay with their origin',
    async (status) => {
      const asked: http.IncomingHttpHeaders[] = [];
      const target = await serve((request, response) => {
        asked.push(request.headers);
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('id: epoch-0001.8\ndata: 8\n\n');
      });
      const first = await serve((request, response) => {
        asked.push(request.headers);
        response.writeHead(status, { location: `${target}/there` }).end();
      });
      const stream = connect(`${first}/here`, {
        from: 'epoch-0001.7',
        headers: { authorization: 'Bearer secret' },
      });
      streams.push(stream);
      for await (const event of stream) {
        expect([event.id, event.url]).toEqual(['epoch-0001.8', `${target}/there`]);
        break;
      }
      expect(asked.map((headers) => headers['last-event-id'])).toEqual(['epoch-0001.7', 'epoch-0001.7']);
      expect(asked.map((headers) => headers.authorization)).toEqual(['Bearer secret', undefined]);
    },
  );
});

describe('a consumer that stops', () => {
  it('makes the write of the server stall, and one that goes on lets it drain', async () => {
    const frame = `data: "${'x'.repeat(60_000)}"\n\n`;
    let sent = 0;
    let stalledAt: (frames: number) => void = () => undefined;
    const stalled = new Promise<number>((resolve) => {
      stalledAt = resolve;
    });
    let drained: () => void = () => undefined;
    const goesOn = new Promise<void>((resolve) => {
      drained = resolve;
    });
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      let quiet: NodeJS.Timeout | undefined;
      let slow = false;
      const pump = (): void => {
        // Far more than the buffers of two sockets hold: a client that reads on never makes this stop.
        let room = true;
        while (room && sent < 2000) {
          room = response.write(frame);
          sent++;
        }
        quiet = setTimeout(() => {
          slow = true;
          stalledAt(sent);
        }, 1000);
      };
      response.on('drain', () => {
        clearTimeout(quiet);
        if (slow) drained();
        pump();
      });
      response.once('close', () => clearTimeout(quiet));
      pump();
    });
    const stream = connect(url);
    streams.push(stream);
    const events = stream[Symbol.asyncIterator]();
    await events.next();
    const atRest = await stalled;
    expect(atRest).toBeLessThan(1000);
    let done = false;
    void goesOn.then(() => {
      done = true;
    });
    while (!done) await events.next();
    expect(sent).toBeGreaterThan(atRest);
  });
});
