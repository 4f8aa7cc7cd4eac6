export { type ConsoleLike, consoleObserver, noopObserver } from './console.ts';
export {
  CLIENT_METRICS,
  countFacts,
  type HistogramSnapshot,
  type InMemoryMetrics,
  inMemoryMetrics,
  type MetricsSnapshot,
  type MetricWriter,
} from './in-memory.ts';
