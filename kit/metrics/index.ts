export { type ClientMetricsOptions, clientMetrics } from './client-metrics.ts';
export * from './logging.ts';
export { type ServerMetricsOptions, serverMetrics } from './server-metrics.ts';
export { retentionHeadroomMs } from './stream-metrics.ts';
