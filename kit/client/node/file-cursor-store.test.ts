import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SseKitError } from '../../protocol/errors.ts';
import { fileCursorStore } from './file-cursor-store.ts';

describe('file cursor store', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cursor-'));
    path = join(folder, 'deep', 'cursors.json');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('knows nothing before the first save', async () => {
    expect(await fileCursorStore({ path }).load('a')).toBeNull();
  });

  it.each([true, false])('gives a new process what was saved, by key (fsync %s)', async (fsync) => {
    const store = fileCursorStore({ path, fsync });
    await store.save('a', { cursor: 'epoch123.4', dedupe: [] });
    await store.save('b', { cursor: null, dedupe: [['x', 17]] });
    const next = fileCursorStore({ path });
    expect(await next.load('a')).toEqual({ cursor: 'epoch123.4', dedupe: [] });
    expect(await next.load('b')).toEqual({ cursor: null, dedupe: [['x', 17]] });
    expect(await next.load('c')).toBeNull();
  });

  it('ends with the newest of many saves made at once, and leaves no temporary files', async () => {
    const store = fileCursorStore({ path, fsync: false });
    await Promise.all(
      Array.from({ length: 50 }, (_, n) => store.save('a', { cursor: `epoch123.${n}`, dedupe: [] })),
    );
    expect(await fileCursorStore({ path }).load('a')).toEqual({ cursor: 'epoch123.49', dedupe: [] });
    expect(await readdir(join(folder, 'deep'))).toEqual(['cursors.json']);
  });

  it.each([
    ['not JSON', '{"version":1,"sta'],
    ['JSON of something else', '{"hello":1}'],
    ['a newer version', '{"version":2,"states":{}}'],
    ['a broken state', '{"version":1,"states":{"a":{"cursor":7}}}'],
  ])('sets %s aside with a warning and goes on', async (_what, text) => {
    path = join(folder, 'cursors.json');
    await writeFile(path, text);
    const warnings: SseKitError[] = [];
    const store = fileCursorStore({ path, onWarning: (warning) => warnings.push(warning) });
    expect(await store.load('a')).toBeNull();
    expect(warnings.map((warning) => warning.code)).toEqual(['ERR_CURSOR_CORRUPT']);
    const [aside] = await readdir(folder);
    expect(aside).toMatch(/^cursors\.json\.corrupt-/);
    expect(await readFile(join(folder, aside ?? ''), 'utf8')).toBe(text);
    await store.save('a', { cursor: 'epoch123.1', dedupe: [] });
    expect(await fileCursorStore({ path }).load('a')).toEqual({ cursor: 'epoch123.1', dedupe: [] });
  });

  it('rejects when the folder cannot be written, and saves once it can', async () => {
    await writeFile(join(folder, 'deep'), 'a file where the folder should be');
    const store = fileCursorStore({ path });
    await expect(store.save('a', { cursor: 'epoch123.1', dedupe: [] })).rejects.toMatchObject({
      code: 'ENOTDIR',
    });
    await rm(join(folder, 'deep'));
    await store.save('a', { cursor: 'epoch123.2', dedupe: [] });
    expect(await fileCursorStore({ path }).load('a')).toEqual({ cursor: 'epoch123.2', dedupe: [] });
  });

  it('is whole after kill -9 at any moment, and never behind an acknowledged save', async () => {
    const writer = fileURLToPath(new URL('./file-cursor-store.writer.ts', import.meta.url));
    for (let round = 0; round < 4; round++) {
      const child = fork(writer, [path], { execArgv: ['--import', 'tsx'] });
      let acknowledged = -1;
      child.on('message', (n) => {
        acknowledged = Number(n);
        if (acknowledged >= 20 + round * 7) child.kill('SIGKILL');
      });
      await once(child, 'exit');
      const state = await fileCursorStore({ path }).load('a');
      expect(Number(state?.cursor?.split('.')[1])).toBeGreaterThanOrEqual(acknowledged);
    }
  }, 60_000);
});
