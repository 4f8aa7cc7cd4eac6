import { ToxiproxyError } from './errors.ts';
import { networkFromEnv, type ToxiproxyNetwork } from './network.ts';
import { resolveInOrder } from './resolve.ts';
import { type ToxiproxyIncident, ToxiproxyServer, type ToxiproxySource } from './server.ts';
import { type WaysOptions, waysToToxiproxy } from './ways.ts';

export interface AcquireOptions extends WaysOptions {
  /**
   * `any` (default): the real Toxiproxy where one can be had, else the embedded proxy; `toxiproxy`: the real one or an
   * error; `embedded`: the embedded one. Default from `SSE_KIT_TOXIPROXY`.
   */
  readonly engine?: 'any' | 'toxiproxy' | 'embedded';
  /** Longest wait for one API call in milliseconds. Default 5000 (the real server itself may hang for 25 s). */
  readonly deadlineMs?: number;
  /** How listeners and upstreams are reached; default from the environment (`networkFromEnv`). */
  readonly network?: ToxiproxyNetwork;
  /** Told about crashes, breached deadlines and restarts as they happen. */
  readonly onIncident?: (incident: ToxiproxyIncident) => void;
  /** Told about each way that is closed here, with the reason. */
  readonly onSkip?: (source: ToxiproxySource, why: string) => void;
}

function wantedEngine(options: AcquireOptions, env: NodeJS.ProcessEnv): 'any' | 'toxiproxy' | 'embedded' {
  const wanted = options.engine ?? env.SSE_KIT_TOXIPROXY ?? 'any';
  if (wanted === 'any' || wanted === 'toxiproxy' || wanted === 'embedded') return wanted;
  throw new ToxiproxyError(
    'ERR_TOXIPROXY_INVALID',
    `SSE_KIT_TOXIPROXY is any, toxiproxy or embedded, not "${wanted}"`,
  );
}

/**
 * Finds, installs or starts a Toxiproxy (order: README.md of this folder). The caller must `stop()` it.
 *
 * Rejects with `ERR_TOXIPROXY_UNAVAILABLE` and all reasons when the wanted engine cannot be had, and with
 * `ERR_TOXIPROXY_UNREACHABLE` when `TOXIPROXY_URL` names a server that does not answer: that one was asked for.
 */
export async function acquireToxiproxy(options: AcquireOptions = {}): Promise<ToxiproxyServer> {
  const env = options.env ?? process.env;
  const wanted = wantedEngine(options, env);
  const ways = waysToToxiproxy(options).filter(
    ({ source }) => wanted === 'any' || (source === 'embedded') === (wanted === 'embedded'),
  );
  const found = await resolveInOrder(ways, options.onSkip);
  const why =
    found.source === 'embedded' && found.skipped.length > 0 ? ` because ${found.skipped.join('; ')}` : '';
  return ToxiproxyServer.of({
    engine: found.engine,
    source: found.source,
    detail: `${found.detail}${why}`,
    builtFrom: found.builtFrom,
    network: options.network ?? found.network ?? networkFromEnv(env),
    deadlineMs: options.deadlineMs,
    onIncident: options.onIncident,
  });
}
