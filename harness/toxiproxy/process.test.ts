import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireToxiproxy } from './acquire.ts';
import { findOnPath } from './find-binary.ts';
import { launchToxiproxy } from './process.ts';
import { enginesUnderTest } from './testing/engines.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sse-kit-process-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function program(name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  await chmod(file, 0o755);
  return file;
}

describe.skipIf(process.platform === 'win32')('starting a binary', () => {
  it('says what a program that is no Toxiproxy said', async () => {
    const binary = await program('toxiproxy-server', '#!/bin/sh\necho "wrong machine" >&2\nexit 3\n');
    await expect(launchToxiproxy({ binary })).rejects.toMatchObject({
      code: 'ERR_TOXIPROXY_START',
      message: expect.stringMatching(/toxiproxy-server did not come up: exit code 3: wrong machine/),
    });
  });

  it('gives up on one that never answers, and ends it', async () => {
    const binary = await program('toxiproxy-server', `#!/bin/sh\necho $$ > ${folder}/pid\nexec sleep 60\n`);
    await expect(launchToxiproxy({ binary, startMs: 300 })).rejects.toThrow(/no answer within 300 ms/);
    expect(await readdir(folder)).toContain('pid');
  });

  it('names a binary that is not there', async () => {
    const binary = join(folder, 'absent');
    await expect(launchToxiproxy({ binary })).rejects.toMatchObject({ code: 'ERR_TOXIPROXY_START' });
  });

  it('finds executables only, in the order of the PATH', async () => {
    await writeFile(join(folder, 'plain'), '');
    const tool = await program('tool', '');
    const env = { PATH: `/nonexistent:${folder}` };
    expect(await findOnPath('tool', env)).toBe(tool);
    expect(await findOnPath('plain', env)).toBeUndefined();
  });
});

const [real] = await enginesUnderTest();
const title = 'starting the real Toxiproxy';
describe.skipIf(real?.unavailable)(real?.unavailable ? `${title} (${real.unavailable})` : title, () => {
  it('takes another port when the wanted one is taken, and leaves no files', async ({ skip }) => {
    const { TOXIPROXY_URL: _shared, ...env } = process.env;
    const found = await acquireToxiproxy({ engine: 'toxiproxy', env });
    const binary = /, (\/.*toxiproxy-server), API/.exec(found.describe())?.[1];
    await found.stop();
    if (!binary) return skip(`this Toxiproxy is no binary to start: ${found.describe()}`);
    const squatter = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    const address = squatter.address();
    const port = address && typeof address === 'object' ? address.port : 0;
    const { TMPDIR } = process.env;
    process.env.TMPDIR = folder; // an own one, to see that nothing stays in it
    const running = await launchToxiproxy({ binary, port }).finally(() => {
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
    });
    expect(running.url).not.toContain(`:${port}`);
    expect(await (await fetch(`${running.url}/proxies`)).json()).toEqual({});
    await running.kill();
    await new Promise((resolve) => squatter.close(resolve));
    expect(await readdir(folder)).toEqual([]);
  });
});
