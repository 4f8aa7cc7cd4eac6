import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { TOXIPROXY_VERSION } from '../cache.ts';
import { ToxiproxyError } from '../errors.ts';
import { digestFromList, RELEASE_DIGESTS, releaseAsset } from './digests.ts';
import { publish } from './publish.ts';

export const RELEASE_BASE_URL = `https://github.com/Shopify/toxiproxy/releases/download/v${TOXIPROXY_VERSION}`;

export interface ReleaseOptions {
  /** Folder with the assets and `checksums.txt`; a mirror may stand in. */
  readonly baseUrl: string;
  readonly platform: NodeJS.Platform;
  readonly arch: NodeJS.Architecture;
  /** Digests that no mirror can override. Default: those of the release. */
  readonly digests?: Readonly<Record<string, string>> | undefined;
  /** Longest time for the whole download. Default 3 minutes. */
  readonly timeoutMs?: number | undefined;
}

async function get(url: string, timeoutMs: number): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
    throw new ToxiproxyError('ERR_TOXIPROXY_INSTALL', `GET ${url} failed: ${String(error)}${cause}`, {
      cause: error,
    });
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw new ToxiproxyError(
      'ERR_TOXIPROXY_INSTALL',
      `GET ${url}: ${response.status} ${response.statusText}`,
      {
        status: response.status,
      },
    );
  }
  return response;
}

/** Writes the body to `file` and returns its SHA-256; a body cut short rejects. */
async function download(response: Response, url: string, file: string): Promise<string> {
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const body = response.body as ReadableStream<Uint8Array> | null;
  try {
    await pipeline(body ? Readable.fromWeb(body) : Readable.from([]), hashing, createWriteStream(file));
  } catch (error) {
    throw new ToxiproxyError('ERR_TOXIPROXY_INSTALL', `download of ${url} broke off: ${String(error)}`, {
      cause: error,
    });
  }
  return hash.digest('hex');
}

/**
 * Downloads the pinned release's binary into `target`, after checking its SHA-256. Throws `ERR_TOXIPROXY_INSTALL` (no
 * asset for this platform, HTTP status, broken download) or `ERR_TOXIPROXY_CHECKSUM`, and then leaves nothing behind.
 */
export async function installFromRelease(target: string, options: ReleaseOptions): Promise<void> {
  const { platform, arch, digests = RELEASE_DIGESTS, timeoutMs = 3 * 60_000 } = options;
  const baseUrl = options.baseUrl.replace(/\/+$/, '');
  const asset = releaseAsset(platform, arch);
  if (!asset) {
    throw new ToxiproxyError('ERR_TOXIPROXY_INSTALL', `the release has no binary for ${platform} ${arch}`);
  }
  const url = `${baseUrl}/${asset}`;
  await publish(target, async (scratch) => {
    const listed = async (): Promise<string | undefined> => {
      const list = await get(`${baseUrl}/checksums.txt`, timeoutMs);
      return digestFromList(await list.text(), asset);
    };
    const expected = digests[asset] ?? (await listed());
    if (!expected) {
      throw new ToxiproxyError('ERR_TOXIPROXY_CHECKSUM', `${baseUrl}/checksums.txt does not list ${asset}`);
    }
    const file = join(scratch, asset);
    const actual = await download(await get(url, timeoutMs), url, file);
    if (actual !== expected) {
      throw new ToxiproxyError(
        'ERR_TOXIPROXY_CHECKSUM',
        `${url} has SHA-256 ${actual}, expected ${expected}: not installed`,
      );
    }
    return file;
  });
}
