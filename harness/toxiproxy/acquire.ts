import { cacheDir, cachedBinary, TOXIPROXY_VERSION } from './cache.ts';
import { foreignEngine, processEngine } from './engines.ts';
import { ToxiproxyError } from './errors.ts';
import { findOnPath, isExecutable } from './find-binary.ts';
import { networkFromEnv, type ToxiproxyNetwork } from './network.ts';
import { type ToxiproxyIncident, ToxiproxyServer } from './server.ts';

export interface AcquireOptions {
  /** Default `process.env`; reads TOXIPROXY_URL, PATH, SSE_KIT_CACHE_DIR and the network variables. */
  readonly env?: NodeJS.ProcessEnv;
  /** Longest wait for one API call. Default 5 s. */
  readonly deadlineMs?: number;
  /** How listeners and upstreams are reached; default from the environment. */
  readonly network?: ToxiproxyNetwork;
  /** Told about crashes, breached deadlines and restarts as they happen. */
  readonly onIncident?: (incident: ToxiproxyIncident) => void;
}

/** Finds or starts a Toxiproxy. The caller must `stop()` it. */
export async function acquireToxiproxy(options: AcquireOptions = {}): Promise<ToxiproxyServer> {
  const env = options.env ?? process.env;
  const common = {
    deadlineMs: options.deadlineMs,
    network: options.network ?? networkFromEnv(env),
    onIncident: options.onIncident,
  };
  if (env.TOXIPROXY_URL) {
    const engine = foreignEngine(env.TOXIPROXY_URL);
    return ToxiproxyServer.of({
      ...common,
      engine,
      source: 'TOXIPROXY_URL',
      detail: 'given by TOXIPROXY_URL',
    });
  }
  const onPath = await findOnPath('toxiproxy-server', env);
  const cached = cachedBinary(cacheDir(env));
  const binary = onPath ?? ((await isExecutable(cached)) ? cached : undefined);
  if (binary) {
    const engine = await processEngine(binary);
    const builtFrom = onPath ? undefined : TOXIPROXY_VERSION;
    const source = onPath ? 'path' : 'cache';
    return ToxiproxyServer.of({ ...common, engine, source, builtFrom, detail: binary });
  }
  throw new ToxiproxyError('ERR_TOXIPROXY_UNAVAILABLE', 'no toxiproxy-server on the PATH or in the cache');
}
