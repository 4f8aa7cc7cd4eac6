import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { openStream } from './testing/stream-client.ts';

describe.each(['express', 'fastify'])('SIGTERM to a server on %s', (framework) => {
  let child: ChildProcess | null = null;

  afterEach(async () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  });

  async function line(lines: Interface): Promise<Record<string, unknown>> {
    const [text] = await once(lines, 'line');
    return JSON.parse(text as string);
  }

  it('ends 50 open streams in good order, spreads their returns, and lets the process end by itself', async () => {
    const path = fileURLToPath(new URL('./testing/sigterm-child.ts', import.meta.url));
    const server = spawn(process.execPath, ['--import', 'tsx', path, framework], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child = server;
    const lines = createInterface({ input: server.stdout });
    const { port } = await line(lines);
    const url = `http://127.0.0.1:${port}/events`;
    const clients = await Promise.all(Array.from({ length: 50 }, () => openStream(url)));
    for (const client of clients) await client.event('tick');

    const exited = once(server, 'exit');
    const closed = line(lines);
    server.kill('SIGTERM');
    for (const client of clients) {
      expect(JSON.parse((await client.event('stream.drain')).data)).toEqual({ reason: 'shutdown' });
      expect(await client.ended).toBe('end');
      const ids = client.seen.flatMap(({ event, id }) =>
        event === 'tick' ? [Number(id?.split('.')[1])] : [],
      );
      expect(ids).toEqual(ids.map((_, index) => (ids[0] ?? 0) + index));
    }
    expect(await closed).toEqual({ closed: true });
    expect(await exited).toEqual([0, null]);
    const returns = clients.map((client) => client.retryMs ?? 0).sort((a, b) => a - b);
    // 50 clients at 20 per second: the window is 2.5 s, of which the ends use up to 1.2 s.
    expect((returns.at(-1) ?? 0) - (returns[0] ?? 0)).toBeGreaterThan(600);
  }, 30_000);
});
