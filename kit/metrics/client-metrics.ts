import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ClientFact } from '../client/facts.ts';
import { CLIENT_METRICS, countFacts } from '../client/metrics/in-memory.ts';
import { boundedLabel } from './bounded-label.ts';

/** Where client metrics go. */
export interface ClientMetricsOptions {
  /** The registry that is scraped; nothing is registered globally. One call per registry, for any number of clients. */
  readonly registry: Registry;
}

/**
 * Registers the `sse_client_*` metrics and returns the observer that feeds them: `connect(url, { observe })`. Names,
 * labels and meaning are those of the in-memory sink, because both count with the same function.
 */
export function clientMetrics({ registry }: ClientMetricsOptions): (fact: ClientFact) => void {
  const registers = [registry];
  const counters = mapValues(CLIENT_METRICS.counters, ([label, help], name) => ({
    label,
    bounded: boundedLabel(),
    metric: new Counter<string>({ name, help, labelNames: label === '' ? [] : [label], registers }),
  }));
  const gauges = mapValues(CLIENT_METRICS.gauges, (help, name) => new Gauge({ name, help, registers }));
  const buckets = [...CLIENT_METRICS.bounds];
  const histograms = mapValues(
    CLIENT_METRICS.histograms,
    (help, name) => new Histogram({ name, help, buckets, registers }),
  );
  return countFacts({
    count(name, value = '', by = 1) {
      const { label, metric, bounded } = counters[name];
      if (label === '') metric.inc(by);
      else metric.inc({ [label]: bounded(value) }, by);
    },
    gauge: (name, value) => gauges[name].set(value),
    add: (name, by) => gauges[name].inc(by),
    time: (name, seconds) => histograms[name].observe(seconds),
  });
}

function mapValues<K extends string, V, R>(
  record: Readonly<Record<K, V>>,
  map: (value: V, name: K) => R,
): Record<K, R> {
  const mapped: Partial<Record<K, R>> = {};
  for (const name of Object.keys(record) as K[]) mapped[name] = map(record[name], name);
  return mapped as Record<K, R>;
}
