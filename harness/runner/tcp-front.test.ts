import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startTcpFront } from './tcp-front.ts';

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanup.splice(0).reverse()) await undo();
});

/** A server that says its name and then echoes. */
async function node(name: string): Promise<number> {
  const server = createServer((socket) => {
    cleanup.push(() => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.write(name);
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
  cleanup.push(() => server.close());
  await once(server, 'listening');
  return (server.address() as { port: number }).port;
}

async function dial(port: number): Promise<{ socket: Socket; said: string }> {
  const socket = connect(port, '127.0.0.1');
  cleanup.push(() => socket.destroy());
  const [said] = (await once(socket, 'data')) as [Buffer];
  return { socket, said: String(said) };
}

describe('a front over TCP', () => {
  it('gives new connections to its targets in turn, and leaves the open ones where they are', async () => {
    const ports = [await node('a'), await node('b')];
    const front = await startTcpFront(ports);
    cleanup.push(front.close);
    const first = await dial(front.port);
    expect([first.said, (await dial(front.port)).said, (await dial(front.port)).said]).toEqual([
      'a',
      'b',
      'a',
    ]);

    front.targets = ports.slice(1);
    expect([(await dial(front.port)).said, (await dial(front.port)).said]).toEqual(['b', 'b']);
    first.socket.write('still');
    const [echo] = (await once(first.socket, 'data')) as [Buffer];
    expect(String(echo)).toBe('still');
  });

  it('passes the end on in both directions, and ends connections that have nowhere to go', async () => {
    const front = await startTcpFront([await node('a')]);
    cleanup.push(front.close);
    const { socket } = await dial(front.port);
    socket.end();
    await once(socket, 'end');

    front.targets = [];
    const lost = connect(front.port, '127.0.0.1');
    lost.on('error', () => undefined); // reset or ended, as the kernel likes
    await once(lost, 'close');
    expect(lost.bytesRead).toBe(0);
  });

  it('cuts everything off when it closes', async () => {
    const front = await startTcpFront([await node('a')]);
    const { socket } = await dial(front.port);
    socket.on('error', () => undefined);
    await front.close();
    await once(socket, 'close');
    const late = connect(front.port, '127.0.0.1');
    await expect(once(late, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
