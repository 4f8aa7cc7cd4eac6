import { cacheDir, cachedBinary, TOXIPROXY_VERSION } from './cache.ts';
import { embeddedEngine, foreignEngine, processEngine } from './engines.ts';
import { findOnPath, isExecutable } from './find-binary.ts';
import type { Found, Way } from './resolve.ts';
import type { Engine, ToxiproxySource } from './server.ts';

/** What the search touches of the machine; a test replaces any of it. */
export interface Probes {
  readonly findOnPath: (name: string) => Promise<string | undefined>;
  readonly isExecutable: (path: string) => Promise<boolean>;
  readonly startBinary: (binary: string) => Promise<Engine>;
  readonly startEmbedded: (seed?: number) => Promise<Engine & { readonly seed: number }>;
}

export interface WaysOptions {
  /** Default `process.env`. */
  readonly env?: NodeJS.ProcessEnv;
  /** Seed of the embedded proxy's chance. */
  readonly seed?: number;
  readonly probes?: Partial<Probes>;
}

/** Every way to a Toxiproxy, in the order in which they are tried. */
export function waysToToxiproxy(options: WaysOptions = {}): readonly Way[] {
  const env = options.env ?? process.env;
  const probes: Probes = {
    findOnPath: (name) => findOnPath(name, env),
    isExecutable,
    startBinary: processEngine,
    startEmbedded: embeddedEngine,
    ...options.probes,
  };
  const start = async (source: ToxiproxySource, binary: string): Promise<Found> => {
    const pinned = source === 'path' ? {} : { builtFrom: TOXIPROXY_VERSION };
    return { engine: await probes.startBinary(binary), source, detail: binary, ...pinned };
  };
  return [
    {
      source: 'TOXIPROXY_URL',
      open: async () => {
        const url = env.TOXIPROXY_URL;
        if (!url) return { why: 'not set' };
        return { engine: foreignEngine(url), source: 'TOXIPROXY_URL', detail: 'given by TOXIPROXY_URL' };
      },
    },
    {
      source: 'path',
      open: async () => {
        const binary = await probes.findOnPath('toxiproxy-server');
        return binary ? start('path', binary) : { why: 'no toxiproxy-server on the PATH' };
      },
    },
    {
      source: 'cache',
      open: async () => {
        const binary = cachedBinary(cacheDir(env));
        return (await probes.isExecutable(binary)) ? start('cache', binary) : { why: `no ${binary}` };
      },
    },
    {
      source: 'embedded',
      open: async () => {
        const engine = await probes.startEmbedded(options.seed);
        return { engine, source: 'embedded', detail: `in this process, seed ${engine.seed}` };
      },
    },
  ];
}
