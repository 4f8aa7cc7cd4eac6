/**
 * The toxics of Toxiproxy 2.12, as its HTTP API names them. Attributes keep the API's names so that its manual
 * applies; the units are stated here because the names do not.
 */
interface ToxicBase {
  /** Unique within the proxy. Default: `<type>_<stream>`. */
  readonly name?: string;
  /** `downstream` is server to client (default), `upstream` is client to server. */
  readonly stream?: ToxicStream;
  /** Share of connections that are affected, 0 to 1 (default 1); rolled once per connection, and again by a PATCH. */
  readonly toxicity?: number;
}

export type ToxicStream = 'upstream' | 'downstream';

/** Delays each chunk by `latency` ± `jitter` milliseconds and keeps the order. Does not delay the TCP handshake. */
export interface LatencyToxic extends ToxicBase {
  readonly type: 'latency';
  readonly attributes: { readonly latency: number; readonly jitter?: number };
}

/** At most `rate` KB (1000 bytes) per second. Rate 0 is a stall that loses nothing. */
export interface BandwidthToxic extends ToxicBase {
  readonly type: 'bandwidth';
  readonly attributes: { readonly rate: number };
}

/** Delays the FIN, and nothing else, by `delay` milliseconds. */
export interface SlowCloseToxic extends ToxicBase {
  readonly type: 'slow_close';
  readonly attributes: { readonly delay: number };
}

/**
 * Drops all bytes. `timeout` 0 keeps the connection open, half dead, until the toxic is removed, which closes it; more
 * than 0 closes it after that many milliseconds without a (dropped) chunk. To make a silent hole in a connection
 * that stays open, PATCH the toxicity from 1 to 0 instead of removing it.
 */
export interface TimeoutToxic extends ToxicBase {
  readonly type: 'timeout';
  readonly attributes: { readonly timeout: number };
}

/**
 * Closes the connection `timeout` milliseconds after the next chunk. A true RST is sent only by connections that were
 * opened while the toxic existed: create it with toxicity 0 before connecting and PATCH it to 1. Added to an open
 * connection it sends a FIN.
 */
export interface ResetPeerToxic extends ToxicBase {
  readonly type: 'reset_peer';
  readonly attributes: { readonly timeout: number };
}

/** Slices chunks to `average_size` ± `size_variation` bytes with `delay` **micro**seconds after each. */
export interface SlicerToxic extends ToxicBase {
  readonly type: 'slicer';
  readonly attributes: {
    readonly average_size: number;
    readonly size_variation?: number;
    readonly delay?: number;
  };
}

/** Closes each connection after `bytes` bytes, response headers and chunk framing included. */
export interface LimitDataToxic extends ToxicBase {
  readonly type: 'limit_data';
  readonly attributes: { readonly bytes: number };
}

/** A toxic to add. */
export type ToxicSpec =
  | LatencyToxic
  | BandwidthToxic
  | SlowCloseToxic
  | TimeoutToxic
  | ResetPeerToxic
  | SlicerToxic
  | LimitDataToxic;

export type ToxicType = ToxicSpec['type'];

/** What a live toxic allows to change: its attributes (those named; the rest stay) and its toxicity. */
export interface ToxicPatch {
  readonly attributes?: Readonly<Record<string, number>>;
  readonly toxicity?: number;
}

/** A toxic as the server reports it: every field filled in. */
export interface ToxicState {
  readonly name: string;
  readonly type: ToxicType;
  readonly stream: ToxicStream;
  readonly toxicity: number;
  readonly attributes: Readonly<Record<string, number>>;
}

/** A proxy as the server reports it. */
export interface ProxyState {
  readonly name: string;
  readonly listen: string;
  readonly upstream: string;
  readonly enabled: boolean;
  readonly toxics: readonly ToxicState[];
}
