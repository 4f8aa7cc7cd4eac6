import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ClientFact } from '../client/facts.ts';
import {
  BOUNDS,
  type CounterName,
  countFacts,
  type GaugeName,
  type HistogramName,
} from '../client/metrics/count-facts.ts';

const COUNTER_HELP: Readonly<Record<CounterName, string>> = {
  attempts: 'Attempts to connect by outcome: open, or the cause of failure.',
  disconnects: 'Connections that were open and ended, by cause.',
  reconnects: 'Retries scheduled, by cause.',
  give_ups: 'Times the client gave up.',
  events_received: 'Events read from the wire, before dedupe and ordering.',
  events_processed: 'Events whose handler finished.',
  redeliveries: 'Processed events that the handler may have seen before.',
  duplicates: 'Events recognised as repetitions and not handed over.',
  out_of_order: 'Events that came too early or too late, by what became of them.',
  gaps: 'Announced losses, by reason.',
  events_missed: 'Events announced as lost, where the number is known.',
  liveness_failures: 'Connections given up because they were not alive, by cause.',
  cannot_resume: 'Times the server could not go on from the cursor, by reason.',
  heartbeats: 'Heartbeats read.',
  handler_failures: 'Calls of the handler that failed.',
  dead_letters: 'Events passed over, by reason.',
  errors: 'Errors, by code.',
};
const GAUGE_HELP: Readonly<Record<GaugeName, string>> = {
  connections_open: 'Connections that are open.',
  lag_events: 'Events the server has and the client has not seen, as of the last heartbeat.',
};
const HISTOGRAM_HELP: Readonly<Record<HistogramName, string>> = {
  downtime: 'Time between two connections.',
  recovery: 'Time from the loss of a connection to the first event processed after it.',
  delivery_lag: 'Time from publication to the end of the handler, by the clocks of both sides.',
  handler: 'Time the handler took.',
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
  return countFacts({
    counter(name, label) {
      const metric = new Counter<string>({
        name: `sse_client_${name}_total`,
        help: COUNTER_HELP[name],
        labelNames: label === '' ? [] : [label],
        registers,
      });
      if (label === '') return (_value, by = 1) => metric.inc(by);
      return (value = '', by = 1) => metric.inc({ [label]: value }, by);
    },
    gauge(name) {
      const metric = new Gauge({ name: `sse_client_${name}`, help: GAUGE_HELP[name], registers });
      return (value) => metric.set(value);
    },
    histogram(name) {
      const metric = new Histogram({
        name: `sse_client_${name}_seconds`,
        help: HISTOGRAM_HELP[name],
        buckets: [...BOUNDS],
        registers,
      });
      return (ms) => metric.observe(ms / 1000);
    },
  });
}
