import { ToxiproxyError } from './errors.ts';
import type { ToxiproxyNetwork } from './network.ts';
import type { Engine, ToxiproxySource } from './server.ts';

/** An engine that is up, and what to say about it. */
export interface Found {
  readonly engine: Engine;
  readonly source: ToxiproxySource;
  readonly detail: string;
  /** Version of an unstamped build. */
  readonly builtFrom?: string;
  /** How this engine is reached, where its source knows better than the caller. */
  readonly network?: ToxiproxyNetwork;
}

/** Why a way to get a Toxiproxy is closed here. */
export interface NotHere {
  readonly why: string;
}

/** One way to get a Toxiproxy. It throws only for what must not be passed over in silence. */
export interface Way {
  readonly source: ToxiproxySource;
  readonly open: () => Promise<Found | NotHere>;
}

/**
 * Tries the ways in order; the first engine wins. The reasons of all that were closed are kept, so that a report can
 * say why the embedded proxy stood in. Throws `ERR_TOXIPROXY_UNAVAILABLE` with all reasons when nothing is left.
 */
export async function resolveInOrder(
  ways: readonly Way[],
  onSkip: (source: ToxiproxySource, why: string) => void = () => undefined,
): Promise<Found & { readonly skipped: readonly string[] }> {
  const skipped: string[] = [];
  for (const way of ways) {
    const result = await way.open();
    if ('engine' in result) return { ...result, skipped };
    skipped.push(`${way.source}: ${result.why}`);
    onSkip(way.source, result.why);
  }
  throw new ToxiproxyError(
    'ERR_TOXIPROXY_UNAVAILABLE',
    `no Toxiproxy can be had here\n${skipped.map((line) => `  ${line}`).join('\n')}`,
  );
}
