import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunCommand } from '../run-command.ts';
import { digestFromList, RELEASE_DIGESTS, releaseAsset } from './digests.ts';
import { type InstallOptions, installToxiproxy } from './index.ts';

const ASSET = 'toxiproxy-server-linux-amd64';
const BYTES = Buffer.from('#!/bin/sh\necho toxiproxy\n'.repeat(5000));
const DIGEST = createHash('sha256').update(BYTES).digest('hex');

let folder: string;
let mirror: Server;
let baseUrl: string;
let files: Map<string, (response: ServerResponse) => void>;
let asked: string[];

const send = (body: string | Buffer) => (response: ServerResponse) => void response.end(body);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sse-kit-install-'));
  files = new Map([
    [`/${ASSET}`, send(BYTES)],
    ['/checksums.txt', send(`${'0'.repeat(64)}  other\n${DIGEST}  ${ASSET}\n`)],
  ]);
  asked = [];
  mirror = createServer((request, response) => {
    asked.push(request.url ?? '');
    const answer = files.get(request.url ?? '');
    if (answer) answer(response);
    else response.writeHead(404).end('Not Found');
  });
  await new Promise<void>((resolve) => mirror.listen(0, '127.0.0.1', resolve));
  const address = mirror.address();
  baseUrl = address && typeof address === 'object' ? `http://127.0.0.1:${address.port}` : '';
});
afterEach(async () => {
  mirror.closeAllConnections();
  await new Promise((resolve) => mirror.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

const cache = (): string => join(folder, 'cache');
const target = (): string => join(cache(), 'toxiproxy-2.12.0', 'toxiproxy-server');
const options = (more: InstallOptions = {}): InstallOptions => ({
  env: { SSE_KIT_CACHE_DIR: cache(), PATH: folder },
  ways: ['release'],
  baseUrl,
  digests: {},
  platform: 'linux',
  arch: 'x64',
  ...more,
});
/** Everything below the cache folder, folders of other installers included. */
const leftovers = async (): Promise<string[]> => readdir(cache(), { recursive: true });

describe('installing from a release', () => {
  it('installs an executable whose SHA-256 is on the list', async () => {
    const lines: string[] = [];
    const installed = await installToxiproxy(options({ onProgress: (line) => lines.push(line) }));
    expect(installed).toEqual({ binary: target(), source: 'release' });
    expect((await readFile(target())).equals(BYTES)).toBe(true);
    expect((await stat(target())).mode & 0o111).toBe(0o111);
    expect((await leftovers()).sort()).toEqual(['toxiproxy-2.12.0', 'toxiproxy-2.12.0/toxiproxy-server']);
    expect(lines.join('\n')).toContain(baseUrl);
  });

  it('takes the mirror from TOXIPROXY_RELEASE_URL', async () => {
    const { baseUrl: _unused, ...rest } = options();
    const env = { ...rest.env, TOXIPROXY_RELEASE_URL: `${baseUrl}/` };
    expect((await installToxiproxy({ ...rest, env })).source).toBe('release');
  });

  it('is idempotent: what is in the cache is not downloaded again', async () => {
    await installToxiproxy(options());
    asked = [];
    expect((await installToxiproxy(options())).source).toBe('cache');
    expect(asked).toEqual([]);
  });

  it('refuses other bytes and leaves nothing behind', async () => {
    files.set(`/${ASSET}`, send(Buffer.concat([BYTES, Buffer.from('!')])));
    await expect(installToxiproxy(options())).rejects.toMatchObject({ code: 'ERR_TOXIPROXY_CHECKSUM' });
    expect(await leftovers()).toEqual([]);
  });

  it('trusts the pinned digest more than the list of a mirror', async () => {
    await expect(installToxiproxy(options({ digests: RELEASE_DIGESTS }))).rejects.toMatchObject({
      code: 'ERR_TOXIPROXY_CHECKSUM',
      message: expect.stringContaining(RELEASE_DIGESTS[ASSET] ?? 'missing'),
    });
    expect(asked).not.toContain('/checksums.txt');
    expect(await leftovers()).toEqual([]);
  });

  it('refuses a truncated download', async () => {
    files.set(`/${ASSET}`, (response) => {
      response.writeHead(200, { 'content-length': BYTES.length });
      response.write(BYTES.subarray(0, 1000), () => response.destroy());
    });
    await expect(installToxiproxy(options())).rejects.toMatchObject({
      code: 'ERR_TOXIPROXY_INSTALL',
      message: expect.stringContaining('broke off'),
    });
    expect(await leftovers()).toEqual([]);
  });

  it('names the URL and status of a missing asset', async () => {
    files.delete(`/${ASSET}`);
    await expect(installToxiproxy(options())).rejects.toMatchObject({
      code: 'ERR_TOXIPROXY_INSTALL',
      message: expect.stringContaining(`${baseUrl}/${ASSET}: 404`),
    });
    expect(await leftovers()).toEqual([]);
  });

  it('refuses an asset that the list does not name', async () => {
    files.set('/checksums.txt', send(`${DIGEST}  something-else\n`));
    await expect(installToxiproxy(options())).rejects.toMatchObject({ code: 'ERR_TOXIPROXY_CHECKSUM' });
  });

  it('names a mirror that is not there, and a platform without a binary', async () => {
    await expect(installToxiproxy(options({ baseUrl: 'http://127.0.0.1:1' }))).rejects.toMatchObject({
      code: 'ERR_TOXIPROXY_INSTALL',
    });
    await expect(installToxiproxy(options({ platform: 'aix' }))).rejects.toThrow(/no binary for aix x64/);
  });

  it('lets concurrent installers all succeed', async () => {
    const all = await Promise.all(
      Array.from({ length: 6 }, () => installToxiproxy(options({ force: true }))),
    );
    expect(new Set(all.map(({ binary }) => binary))).toEqual(new Set([target()]));
    expect((await readFile(target())).equals(BYTES)).toBe(true);
    expect((await leftovers()).sort()).toEqual(['toxiproxy-2.12.0', 'toxiproxy-2.12.0/toxiproxy-server']);
  });
});

describe('installing with Go', () => {
  const fakeGo = async (): Promise<void> => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'go'), '');
    await chmod(join(folder, 'go'), 0o755);
  };
  const builds: RunCommand = async (_command, args, { env }) => {
    expect(args.at(-1)).toBe('github.com/Shopify/toxiproxy/v2/cmd/server@v2.12.0');
    await writeFile(join(env?.GOBIN ?? '', 'server'), 'built');
    return { code: 0, stdout: '', stderr: '' };
  };
  const failing: RunCommand = async () => ({ code: 1, stdout: '', stderr: 'no route to module proxy' });

  it('moves the binary, which is called server, into the cache', async () => {
    await fakeGo();
    const installed = await installToxiproxy(options({ ways: ['go-install', 'release'], run: builds }));
    expect(installed.source).toBe('go-install');
    expect(await readFile(target(), 'utf8')).toBe('built');
    expect(asked).toEqual([]);
  });

  it('falls back to the release when the build fails or there is no Go', async () => {
    await fakeGo();
    const ways = ['go-install', 'release'] as const;
    expect((await installToxiproxy(options({ ways, run: failing }))).source).toBe('release');
    await rm(join(folder, 'go'));
    expect((await installToxiproxy(options({ ways, run: failing, force: true }))).source).toBe('release');
  });

  it('names every reason when nothing works', async () => {
    await fakeGo();
    files.clear();
    const failed = installToxiproxy(options({ ways: ['go-install', 'release'], run: failing }));
    await expect(failed).rejects.toThrow(/go-install: .*no route to module proxy; release: .*404/);
    expect(await leftovers()).toEqual([]);
  });
});

describe('the release by platform', () => {
  it.each([
    ['linux', 'x64', 'toxiproxy-server-linux-amd64'],
    ['linux', 'arm64', 'toxiproxy-server-linux-arm64'],
    ['darwin', 'arm64', 'toxiproxy-server-darwin-arm64'],
    ['win32', 'x64', 'toxiproxy-server-windows-amd64.exe'],
    ['win32', 'arm64', undefined],
    ['linux', 's390x', undefined],
  ] as const)('%s %s is %s', (platform, arch, asset) => {
    expect(releaseAsset(platform, arch)).toBe(asset);
  });

  it('reads checksums.txt in both usual spacings', () => {
    expect(digestFromList(`${DIGEST}  a\r\n`, 'a')).toBe(DIGEST);
    expect(digestFromList(`${DIGEST.toUpperCase()} *a`, 'a')).toBe(DIGEST);
    expect(digestFromList(`${DIGEST}  ab`, 'a')).toBeUndefined();
  });
});
