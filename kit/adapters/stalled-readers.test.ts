import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openStream } from './testing/stream-client.ts';

interface Answer {
  readonly port: number;
  readonly rss: number;
  readonly connections: number;
  readonly maxBehind: number;
  readonly caughtUp: number;
  readonly head: number;
}

describe('stalled readers', () => {
  let child: ChildProcess | null = null;
  const sockets: Socket[] = [];

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    if (child && child.exitCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
  });

  async function answer(): Promise<Answer> {
    if (!child) throw new Error('no child');
    const [message] = await once(child, 'message');
    return message as Answer;
  }

  async function ask(question: string): Promise<Answer> {
    const answered = answer();
    child?.send(question);
    return answered;
  }

  /** Sends a request, reads the head of the response, and never reads again. */
  async function stall(port: number): Promise<void> {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    socket.write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'readable');
    socket.read(1);
  }

  it('20 of them, while 20 MB are published, cost a server less than 16 MB; one that reads is not held up', async () => {
    const path = new URL('./testing/stalled-child.ts', import.meta.url);
    child = fork(path, { execArgv: ['--expose-gc', '--import', 'tsx'] });
    const { port } = await answer();
    const before = await ask('baseline');
    await Promise.all(Array.from({ length: 20 }, () => stall(port)));
    const reader = await openStream(`http://127.0.0.1:${port}/events`);
    await reader.event('stream.open');
    const after = await ask('publish');
    expect(after.connections).toBe(21);
    // They really were stalled: far behind, beyond what the kernel's socket buffers hold.
    expect(after.maxBehind).toBeGreaterThan(5000);
    await reader.next('the last event', (frame) => frame.id?.endsWith(`.${after.head}`) ?? false);
    reader.close();
    const grownMb = (after.rss - before.rss) / 1e6;
    expect(grownMb).toBeLessThan(16);
  }, 60_000);
});
