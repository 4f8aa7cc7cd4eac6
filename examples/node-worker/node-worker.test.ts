import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { nodeHandler } from 'sse-reliability-kit/node-http';
import { createEventStream, type EventStream } from 'sse-reliability-kit/server';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Program, startProgram } from '../testing/program.ts';
import { type Served, serve } from '../testing/serve.ts';

let documents: EventStream;
let served: Served;
let folder: string;
let program: Program | null = null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'node-worker-'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await build({
    entryPoints: ['main.ts', 'worker.ts'].map((file) => join(import.meta.dirname, file)),
    outdir: folder,
    bundle: true,
    format: 'esm',
    platform: 'node',
  });
  documents = createEventStream({ name: 'documents' });
  served = await serve(nodeHandler(documents));
});

afterEach(async () => {
  await program?.stop('SIGKILL');
  await documents.close();
  await served.close();
  await rm(folder, { recursive: true, force: true });
});

const start = async () => {
  program = startProgram(join(folder, 'main.js'), {
    DOCUMENTS_URL: served.origin,
    CURSORS: join(folder, 'cursors.json'),
  });
  await vi.waitFor(() => expect(documents.stats().connections).toBe(1), 20_000);
  return program;
};

const sum = (text: string) => createHash('sha256').update(text).digest('hex');

describe('docs/guides/node-worker.md', () => {
  it('main.ts works off the stream in worker.ts, ends by itself on SIGTERM, and goes on where it was', async () => {
    const first = await start();
    await documents.publish('document', 'one');
    await first.line(new RegExp(sum('one')));
    expect(await first.stop('SIGTERM')).toBe(0);
    await documents.publish('document', 'two');
    const second = await start();
    await second.line(new RegExp(sum('two')));
    expect(second.lines).toHaveLength(1);
  }, 60_000);
});
