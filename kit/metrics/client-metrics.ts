import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ClientFact } from '../client/facts.ts';
import {
  BOUNDS,
  COUNTERS,
  type CounterName,
  countFacts,
  type GaugeName,
  type HistogramName,
} from '../client/metrics/count-facts.ts';
import { boundedLabel } from './bounded-label.ts';

const COUNTER_HELP: Readonly<Record<CounterName, string>> = {
  sse_client_attempts_total: 'Attempts to connect by outcome: open, or the cause of failure.',
  sse_client_disconnects_total: 'Connections that were open and ended, by cause.',
  sse_client_reconnects_total: 'Retries scheduled, by cause.',
  sse_client_give_ups_total: 'Times the client gave up.',
  sse_client_events_received_total: 'Events read from the wire, before dedupe and ordering.',
  sse_client_events_processed_total: 'Events whose handler finished.',
  sse_client_redeliveries_total: 'Processed events that the handler may have seen before.',
  sse_client_duplicates_total: 'Events recognised as repetitions and not handed over.',
  sse_client_out_of_order_total: 'Events that came too early or too late, by what became of them.',
  sse_client_gaps_total: 'Announced losses, by reason.',
  sse_client_events_missed_total: 'Events announced as lost, where the number is known.',
  sse_client_liveness_failures_total: 'Connections given up because they were not alive, by cause.',
  sse_client_cannot_resume_total: 'Times the server could not go on from the cursor, by reason.',
  sse_client_heartbeats_total: 'Heartbeats read.',
  sse_client_handler_failures_total: 'Calls of the handler that failed.',
  sse_client_dead_letters_total: 'Events passed over, by reason.',
  sse_client_errors_total: 'Errors, by code.',
};
const GAUGE_HELP: Readonly<Record<GaugeName, string>> = {
  sse_client_connections_open: 'Connections that are open.',
  sse_client_lag_events: 'Events the server has and the client has not seen, as of the last heartbeat.',
};
const HISTOGRAM_HELP: Readonly<Record<HistogramName, string>> = {
  sse_client_downtime_seconds: 'Time between two connections.',
  sse_client_recovery_seconds: 'Time from the loss of a connection to the first event processed after it.',
  sse_client_delivery_lag_seconds:
    'Time from publication to the end of the handler, by the clocks of both sides.',
  sse_client_handler_seconds: 'Time the handler took.',
};

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
  const labels = Object.fromEntries(COUNTERS) as Record<CounterName, string>;
  const counters = mapValues(COUNTER_HELP, (help, name) => ({
    label: labels[name],
    bounded: boundedLabel(),
    metric: new Counter<string>({ name, help, labelNames: labels[name] ? [labels[name]] : [], registers }),
  }));
  const gauges = mapValues(GAUGE_HELP, (help, name) => new Gauge({ name, help, registers }));
  const histograms = mapValues(
    HISTOGRAM_HELP,
    (help, name) => new Histogram({ name, help, buckets: [...BOUNDS], registers }),
  );
  return countFacts({
    count(name, value = '', by = 1) {
      const { label, metric, bounded } = counters[name];
      if (label === '') metric.inc(by);
      else metric.inc({ [label]: bounded(value) }, by);
    },
    gauge: (name, value) => gauges[name].set(value),
    time: (name, ms) => histograms[name].observe(ms / 1000),
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
