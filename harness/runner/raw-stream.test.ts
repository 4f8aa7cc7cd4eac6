import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGzip } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { openMuteSocket, openRawStream } from './raw-stream.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(handler: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
}

describe('a raw stream', () => {
  it('reads what came, with the time of each id, however the bytes were split', async () => {
    let write: (part: string) => void = () => undefined;
    const { url } = await serve((request, response) => {
      response.writeHead(200, {
        'x-method': request.method ?? '',
        'x-asked': `${request.headers['x-asked']}`,
      });
      response.flushHeaders();
      write = (part) => response.write(part);
    });
    const before = Date.now();
    const stream = await openRawStream(url, { 'x-asked': 'yes' }, 'POST');
    expect(stream).toMatchObject({ status: 200, headers: { 'x-method': 'POST', 'x-asked': 'yes' } });
    write('id: a\ndata: 1\n');
    await stream.until('data: 1');
    expect(stream.arrivals.has('a')).toBe(false);
    write('\nid: b\ndata: 2\n\n');
    await stream.until('b');
    expect([...stream.arrivals.keys()]).toEqual(['a', 'b']);
    const [a = 0, b = 0] = stream.arrivals.values();
    expect(a).toBeGreaterThanOrEqual(before - 5);
    expect(b).toBeGreaterThanOrEqual(a);
    stream.close();
    await stream.ended;
  });

  it('unpacks a compressed stream event by event', async () => {
    const { url } = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      const gzip = createGzip();
      gzip.pipe(response);
      gzip.write('id: packed\ndata: 1\n\n');
      gzip.flush();
    });
    const stream = await openRawStream(url);
    await stream.until('packed');
    expect(stream.text()).toBe('id: packed\ndata: 1\n\n');
    stream.close();
  });

  it('tells of the end, also of one by force, and of a server that is not there', async () => {
    const { url, server } = await serve((_request, response) => {
      response.write('x');
      response.socket?.resetAndDestroy();
    });
    await expect(openRawStream(url)).rejects.toMatchObject({ code: 'ECONNRESET' });
    server.close();
    await once(server, 'close');
    await expect(openRawStream(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });

    const good = await serve((_request, response) => response.end('bye'));
    const stream = await openRawStream(good.url);
    await stream.ended;
    expect(stream.text()).toBe('bye');
  });
});

describe('a mute socket', () => {
  it('sends what it was given and reads nothing', async () => {
    const { url, server } = await serve(() => undefined);
    const arrived = once(server, 'connection');
    const socket = await openMuteSocket(url, 'GET / HT');
    const [other] = (await arrived) as [import('node:net').Socket];
    expect(socket.isPaused()).toBe(true);
    while (other.bytesRead < 8) await new Promise((resolve) => setImmediate(resolve));
    socket.destroy();
  });
});
