import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { HistoryRecord, Wire } from '../history/types.ts';
import { type ClientTap, startClientTap } from './client-tap.ts';
import { probeRefused } from './evidence.ts';

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanup.splice(0).reverse()) await undo();
});

async function serve(onConnection: (socket: Socket) => void): Promise<number> {
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    cleanup.push(() => socket.destroy());
    socket.on('error', () => socket.destroy());
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanup.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function tapOn(port: number): Promise<{ tap: ClientTap; records: HistoryRecord[] }> {
  const records: HistoryRecord[] = [];
  const tap = await startClientTap({
    upstream: { host: '127.0.0.1', port },
    record: (record) => records.push(record),
  });
  cleanup.push(tap.close);
  return { tap, records };
}

function client(port: number): Socket {
  const socket = connect({ host: '127.0.0.1', port });
  cleanup.push(() => socket.destroy());
  return socket;
}

describe('the client tap', () => {
  it('passes bytes both ways and writes them down', async () => {
    const port = await serve((socket) => socket.pipe(socket));
    const { tap, records } = await tapOn(port);
    const socket = client(tap.port);
    socket.write('hello');
    const [echo] = (await once(socket, 'data')) as [Buffer];
    expect(echo.toString()).toBe('hello');
    expect(tap.connections[0]).toMatchObject({ downBytes: 5, downEnd: null, open: true });
    expect(records).toMatchObject([
      { kind: 'wire', direction: 'up', event: 'bytes', bytes: 5, base64: 'aGVsbG8=' },
      { kind: 'wire', direction: 'down', event: 'bytes', bytes: 5, base64: 'aGVsbG8=' },
    ]);
  });

  it('keeps 8 MiB of a connection, and from then on passes and counts', async () => {
    const total = 12 * 1024 * 1024;
    const port = await serve((socket) => socket.end(Buffer.alloc(total, 'x')));
    const { tap, records } = await tapOn(port);
    const socket = client(tap.port);
    let arrived = 0;
    socket.on('data', (chunk) => {
      arrived += chunk.length;
    });
    await once(socket, 'end');
    expect([arrived, tap.downBytes]).toEqual([total, total]);
    const chunks = records.filter((record) => record.kind === 'wire' && record.event === 'bytes') as Wire[];
    const kept = chunks.filter(({ base64 }) => base64 !== undefined);
    const keptBytes = kept.reduce((sum, { bytes = 0 }) => sum + bytes, 0);
    expect(keptBytes).toBeLessThanOrEqual(8 * 1024 * 1024);
    expect(keptBytes).toBeGreaterThan(7 * 1024 * 1024);
    expect(chunks.slice(kept.length).every(({ truncated, bytes }) => truncated && bytes)).toBe(true);
  });

  it('passes a FIN on as a FIN', async () => {
    const { tap } = await tapOn(await serve((socket) => socket.end('bye')));
    const socket = client(tap.port);
    socket.resume();
    await once(socket, 'end');
    expect(tap.connections[0]).toMatchObject({ downEnd: 'fin', downError: null, downBytes: 3 });
  });

  it('passes a RST on as a RST, and has the kernel as its witness', async () => {
    const port = await serve((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const { tap, records } = await tapOn(port);
    const socket = client(tap.port);
    socket.write('x');
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNRESET');
    expect(tap.connections[0]).toMatchObject({ downEnd: 'rst', downError: 'ECONNRESET' });
    expect(records.at(-1)).toMatchObject({ direction: 'down', event: 'rst' });
  });

  it('does not call a refused upstream a reset by the peer', async () => {
    const gone = createServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address() as AddressInfo;
    gone.close();
    await once(gone, 'close');
    const { tap } = await tapOn(port);
    await once(client(tap.port), 'error');
    expect(tap.connections[0]?.downError).toBe('ECONNREFUSED');
  });

  it('refuses new connections, keeps the open one, and accepts again on the same port', async () => {
    const { tap } = await tapOn(await serve((socket) => socket.pipe(socket)));
    const before = client(tap.port);
    await once(before, 'connect');
    await tap.refuse();
    expect(await probeRefused(tap.port)).toBe(true);
    before.write('still here');
    expect(String((await once(before, 'data'))[0])).toBe('still here');
    await tap.accept();
    const after = client(tap.port);
    after.write('back');
    expect(String((await once(after, 'data'))[0])).toBe('back');
  });

  it('holds new connections while something happens, and serves them afterwards', async () => {
    const { tap } = await tapOn(await serve((socket) => socket.pipe(socket)));
    const order: string[] = [];
    const socket = client(tap.port);
    socket.write('open before the hold');
    await once(socket, 'data');
    await tap.holdNewConnections(async () => {
      const held = client(tap.port);
      held.write('waited');
      held.once('data', () => order.push('served'));
      await once(held, 'connect');
      socket.write('an open connection goes on');
      await once(socket, 'data');
      order.push('done');
      cleanup.push(() => held.destroy());
    });
    await expect.poll(() => order).toEqual(['done', 'served']);
  });
});
