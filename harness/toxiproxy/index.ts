export { type AcquireOptions, acquireToxiproxy } from './acquire.ts';
export { cacheDir, cachedBinary, TOXIPROXY_VERSION } from './cache.ts';
export type { CreateProxyOptions, ToxiproxyClient } from './client.ts';
export { type EmbeddedOptions, type EmbeddedToxiproxy, startEmbeddedToxiproxy } from './embedded/index.ts';
export { ToxiproxyError } from './errors.ts';
export { type Installed, type InstallOptions, installToxiproxy } from './install/index.ts';
export type { ProxyBytes, ProxyMetrics } from './metrics.ts';
export type { ToxiproxyNetwork } from './network.ts';
export type { ToxiproxyProxy } from './proxy.ts';
export type { ToxiproxyIncident, ToxiproxyServer, ToxiproxySource } from './server.ts';
export type {
  BandwidthToxic,
  LatencyToxic,
  LimitDataToxic,
  ProxyState,
  ResetPeerToxic,
  SlicerToxic,
  SlowCloseToxic,
  TimeoutToxic,
  ToxicPatch,
  ToxicSpec,
  ToxicState,
  ToxicStream,
  ToxicType,
} from './toxic-types.ts';
