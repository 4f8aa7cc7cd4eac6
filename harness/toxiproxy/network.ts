import { ToxiproxyError } from './errors.ts';

/**
 * How the harness and a Toxiproxy reach each other when they do not share one loopback interface, as with a container
 * on a bridge network. With host networking (or a local process) the defaults are right.
 */
export interface ToxiproxyNetwork {
  /** Address that proxies listen on, as the Toxiproxy sees it. Default 127.0.0.1; in a container 0.0.0.0. */
  readonly listenHost?: string | undefined;
  /** First and last port published by the container; default any free one. */
  readonly listenPorts?: readonly [number, number] | undefined;
  /** Host name by which clients reach the listeners. Default: `listenHost`, or 127.0.0.1 where that is 0.0.0.0. */
  readonly publicHost?: string | undefined;
  /** Replaces a loopback host in upstreams, for example `host.docker.internal`. Default: unchanged. */
  readonly upstreamHost?: string | undefined;
  /** Address that servers of the harness listen on, to be reached as `upstreamHost`. Default: see {@link bindHostOf}. */
  readonly bindHost?: string | undefined;
}

/** Where a server must listen for the Toxiproxy to reach it: loopback, unless that is another machine's to the proxy. */
export function bindHostOf({ bindHost, upstreamHost }: ToxiproxyNetwork): string {
  return bindHost ?? (upstreamHost ? '0.0.0.0' : '127.0.0.1');
}

/**
 * Reads `TOXIPROXY_LISTEN_HOST`, `TOXIPROXY_LISTEN_PORTS` (`20000-20063`), `TOXIPROXY_PUBLIC_HOST`,
 * `TOXIPROXY_UPSTREAM_HOST` and `TOXIPROXY_BIND_HOST`. Throws `ERR_TOXIPROXY_INVALID` for a port range that is none.
 */
export function networkFromEnv(env: NodeJS.ProcessEnv): ToxiproxyNetwork {
  const range = env.TOXIPROXY_LISTEN_PORTS;
  const [, first, last] = /^(\d+)-(\d+)$/.exec(range ?? '') ?? [];
  if (range && !(Number(first) > 0 && Number(first) <= Number(last) && Number(last) < 65_536)) {
    throw new ToxiproxyError('ERR_TOXIPROXY_INVALID', `TOXIPROXY_LISTEN_PORTS is first-last, not "${range}"`);
  }
  return {
    listenHost: env.TOXIPROXY_LISTEN_HOST || undefined,
    listenPorts: range ? [Number(first), Number(last)] : undefined,
    publicHost: env.TOXIPROXY_PUBLIC_HOST || undefined,
    upstreamHost: env.TOXIPROXY_UPSTREAM_HOST || undefined,
    bindHost: env.TOXIPROXY_BIND_HOST || undefined,
  };
}

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?=:\d+$)/;

/** The upstream as the Toxiproxy has to dial it. */
export function mapUpstream(upstream: string, network: ToxiproxyNetwork): string {
  return network.upstreamHost ? upstream.replace(LOOPBACK, network.upstreamHost) : upstream;
}

/** Splits `host:port`, brackets of IPv6 removed. Throws `ERR_TOXIPROXY_INVALID`. */
export function splitAddress(address: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) {
    throw new ToxiproxyError(
      'ERR_TOXIPROXY_INVALID',
      `an address is host:port, not ${JSON.stringify(address)}`,
    );
  }
  return { host: match[1] ?? match[2] ?? '', port };
}
