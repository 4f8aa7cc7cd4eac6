import { cacheDir, cachedBinary, TOXIPROXY_VERSION } from '../cache.ts';
import { ToxiproxyError } from '../errors.ts';
import { findOnPath, isExecutable } from '../find-binary.ts';
import { type RunCommand, runCommand } from '../run-command.ts';
import { installWithGo } from './go.ts';
import { installFromRelease, RELEASE_BASE_URL } from './release.ts';

export interface InstallOptions {
  /** Default `process.env`; reads SSE_KIT_CACHE_DIR, XDG_CACHE_HOME, PATH and TOXIPROXY_RELEASE_URL. */
  readonly env?: NodeJS.ProcessEnv;
  /** One line per step, for a person. */
  readonly onProgress?: (line: string) => void;
  /** Ways to use, in order. Default both. */
  readonly ways?: readonly ('go-install' | 'release')[];
  /** Folder of the release's assets. Default `TOXIPROXY_RELEASE_URL`, else the pinned release on GitHub. */
  readonly baseUrl?: string;
  /** Digests by asset that no mirror can override. Default: the pinned release's. */
  readonly digests?: Readonly<Record<string, string>>;
  readonly platform?: NodeJS.Platform;
  readonly arch?: NodeJS.Architecture;
  readonly run?: RunCommand;
  /** Build or download even if the cache has it. Default false. */
  readonly force?: boolean;
}

export interface Installed {
  readonly binary: string;
  readonly source: 'cache' | 'go-install' | 'release';
}

/**
 * Puts the pinned toxiproxy-server into the cache, unless it is there: built by `go install` where Go is, else
 * downloaded from the release and checked by SHA-256. Safe to run concurrently and repeatedly.
 *
 * Rejects with `ERR_TOXIPROXY_CHECKSUM` as soon as bytes are not what they must be, else with `ERR_TOXIPROXY_INSTALL`
 * and the reasons of every way that failed.
 */
export async function installToxiproxy(options: InstallOptions = {}): Promise<Installed> {
  const env = options.env ?? process.env;
  const say = options.onProgress ?? (() => undefined);
  const platform = options.platform ?? process.platform;
  const binary = cachedBinary(cacheDir(env), platform);
  if (!options.force && (await isExecutable(binary))) {
    say(`Toxiproxy ${TOXIPROXY_VERSION} is in the cache: ${binary}`);
    return { binary, source: 'cache' };
  }
  const byGo = async (): Promise<void> => {
    const go = await findOnPath('go', env);
    if (!go) throw new ToxiproxyError('ERR_TOXIPROXY_INSTALL', 'no Go on the PATH');
    say(`building Toxiproxy ${TOXIPROXY_VERSION} with ${go} (a minute or so)`);
    await installWithGo(binary, go, options.run ?? runCommand, env);
  };
  const byRelease = async (): Promise<void> => {
    const baseUrl = options.baseUrl ?? (env.TOXIPROXY_RELEASE_URL || RELEASE_BASE_URL);
    say(`downloading Toxiproxy ${TOXIPROXY_VERSION} from ${baseUrl}`);
    const arch = options.arch ?? process.arch;
    await installFromRelease(binary, { baseUrl, platform, arch, digests: options.digests });
  };
  const failures: string[] = [];
  for (const source of options.ways ?? (['go-install', 'release'] as const)) {
    try {
      await (source === 'go-install' ? byGo() : byRelease());
      say(`installed ${binary}`);
      return { binary, source };
    } catch (error) {
      if (!(error instanceof ToxiproxyError) || error.code === 'ERR_TOXIPROXY_CHECKSUM') throw error;
      failures.push(`${source}: ${error.message}`);
      say(`${source}: ${error.message}`);
    }
  }
  throw new ToxiproxyError('ERR_TOXIPROXY_INSTALL', failures.join('; '));
}
