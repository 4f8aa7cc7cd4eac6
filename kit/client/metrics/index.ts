export { type ConsoleLike, consoleObserver, noopObserver } from './console.ts';
export {
  type HistogramSnapshot,
  type InMemoryMetrics,
  inMemoryMetrics,
  type MetricsSnapshot,
} from './in-memory.ts';
