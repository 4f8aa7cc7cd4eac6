import { cacheDir, cachedBinary, TOXIPROXY_VERSION } from './cache.ts';
import { composeFile, composeStop, composeToxiproxy } from './docker.ts';
import { embeddedEngine, foreignEngine, processEngine } from './engines.ts';
import { ToxiproxyError } from './errors.ts';
import { findOnPath, isExecutable } from './find-binary.ts';
import { type InstallOptions, installToxiproxy } from './install/index.ts';
import type { Found, NotHere, Way } from './resolve.ts';
import { type RunCommand, runCommand } from './run-command.ts';
import type { Engine, ToxiproxySource } from './server.ts';

/** What the search touches of the machine; a test replaces any of it. */
export interface Probes {
  readonly findOnPath: (name: string) => Promise<string | undefined>;
  readonly isExecutable: (path: string) => Promise<boolean>;
  readonly run: RunCommand;
  readonly composeFile: () => string | undefined;
  readonly install: typeof installToxiproxy;
  readonly startBinary: (binary: string) => Promise<Engine>;
  readonly startEmbedded: (seed?: number) => Promise<Engine & { readonly seed: number }>;
}

export interface WaysOptions {
  /** Default `process.env`. */
  readonly env?: NodeJS.ProcessEnv;
  /** Seed of the embedded proxy's chance; default random, and named by `describe()`. */
  readonly seed?: number;
  /** Whether to install or `docker compose up` what is missing. Default true, or false if SSE_KIT_TOXIPROXY_INSTALL=0. */
  readonly install?: boolean;
  /** One line per step of an installation. */
  readonly onProgress?: (line: string) => void;
  readonly probes?: Partial<Probes>;
}

/** Failures that close a way; anything else is a bug and must not be hidden behind the next way. */
const CLOSES = new Set(['ERR_TOXIPROXY_START', 'ERR_TOXIPROXY_INSTALL', 'ERR_TOXIPROXY_CHECKSUM']);

/** Every way to a Toxiproxy, in the order in which they are tried. */
export function waysToToxiproxy(options: WaysOptions = {}): readonly Way[] {
  const env = options.env ?? process.env;
  const mayInstall = options.install ?? env.SSE_KIT_TOXIPROXY_INSTALL !== '0';
  const progress = options.onProgress ? { onProgress: options.onProgress } : {};
  const probes: Probes = {
    findOnPath: (name) => findOnPath(name, env),
    isExecutable,
    run: runCommand,
    composeFile,
    install: installToxiproxy,
    startBinary: processEngine,
    startEmbedded: embeddedEngine,
    ...options.probes,
  };
  const way = (source: ToxiproxySource, open: () => Promise<Found | NotHere>): Way => ({
    source,
    open: async () => {
      try {
        return await open();
      } catch (error) {
        if (error instanceof ToxiproxyError && CLOSES.has(error.code)) return { why: error.message };
        throw error;
      }
    },
  });
  const start = async (source: ToxiproxySource, binary: string): Promise<Found> => {
    const pinned = source === 'path' ? {} : { builtFrom: TOXIPROXY_VERSION };
    return { engine: await probes.startBinary(binary), source, detail: binary, ...pinned };
  };
  const install = (source: 'go-install' | 'release'): Way =>
    way(source, async () => {
      if (!mayInstall) return { why: 'installing is switched off' };
      const wanted: InstallOptions = { env, ways: [source], run: probes.run, ...progress };
      return start(source, (await probes.install(wanted)).binary);
    });
  const docker = (up: boolean): Way =>
    way('docker', async () => {
      if (up && !mayInstall) return { why: 'starting containers is switched off' };
      const file = probes.composeFile();
      const outcome = await composeToxiproxy(probes.run, file, { up, ...progress });
      if ('why' in outcome) return outcome;
      const { url, network } = outcome.found;
      const release = up && file ? () => composeStop(probes.run, file) : undefined;
      const detail = up ? `started by docker compose from ${file}` : 'running in docker compose';
      return { engine: foreignEngine(url, release), source: 'docker', detail, network };
    });
  return [
    way('TOXIPROXY_URL', async () => {
      const url = env.TOXIPROXY_URL;
      if (!url) return { why: 'not set' };
      if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')) {
        throw new ToxiproxyError('ERR_TOXIPROXY_INVALID', `TOXIPROXY_URL is not an http:// URL: "${url}"`);
      }
      return { engine: foreignEngine(url), source: 'TOXIPROXY_URL', detail: 'given by TOXIPROXY_URL' };
    }),
    way('path', async () => {
      const binary = await probes.findOnPath('toxiproxy-server');
      return binary ? start('path', binary) : { why: 'no toxiproxy-server on the PATH' };
    }),
    way('cache', async () => {
      const binary = cachedBinary(cacheDir(env));
      return (await probes.isExecutable(binary)) ? start('cache', binary) : { why: `no ${binary}` };
    }),
    docker(false),
    install('go-install'),
    install('release'),
    docker(true),
    way('embedded', async () => {
      const engine = await probes.startEmbedded(options.seed);
      return { engine, source: 'embedded', detail: `in this process, seed ${engine.seed}` };
    }),
  ];
}
