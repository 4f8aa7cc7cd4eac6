import type { ClientFact } from '../facts.ts';

/** One histogram: `buckets[i]` counts values up to `bounds[i]`, not cumulated; values above the last bound are in `count` only. */
export interface HistogramSnapshot {
  readonly bounds: readonly number[];
  readonly buckets: readonly number[];
  readonly count: number;
  readonly sum: number;
}

/** All numbers of a sink, by metric name and then by label value (`""` for a metric without a label). */
export interface MetricsSnapshot {
  readonly counters: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly gauges: Readonly<Record<string, number>>;
  readonly histograms: Readonly<Record<string, HistogramSnapshot>>;
}

/** Counts facts. Works wherever JavaScript runs; nothing is global. */
export interface InMemoryMetrics {
  /** For the option `observe`; one sink may observe several clients. */
  readonly observe: (fact: ClientFact) => void;
  /** Everything as plain data. */
  snapshot(): MetricsSnapshot;
  /** Everything in the Prometheus text format 0.0.4. */
  text(): string;
}

const COUNTERS = {
  sse_client_attempts_total: ['outcome', 'Attempts to connect by outcome: open, or the cause of failure.'],
  sse_client_disconnects_total: ['cause', 'Connections that were open and ended, by cause.'],
  sse_client_reconnects_total: ['cause', 'Retries scheduled, by cause.'],
  sse_client_give_ups_total: ['why', 'Times the client gave up.'],
  sse_client_events_received_total: ['', 'Events read from the wire, before dedupe and ordering.'],
  sse_client_events_processed_total: ['', 'Events whose handler finished.'],
  sse_client_redeliveries_total: ['', 'Processed events that the handler may have seen before.'],
  sse_client_duplicates_total: ['', 'Events recognised as repetitions and not handed over.'],
  sse_client_out_of_order_total: [
    'action',
    'Events that came too early or too late, by what became of them.',
  ],
  sse_client_gaps_total: ['reason', 'Announced losses, by reason.'],
  sse_client_events_missed_total: ['', 'Events announced as lost, where the number is known.'],
  sse_client_liveness_failures_total: [
    'cause',
    'Connections given up because they were not alive, by cause.',
  ],
  sse_client_cannot_resume_total: ['reason', 'Times the server could not go on from the cursor, by reason.'],
  sse_client_heartbeats_total: ['', 'Heartbeats read.'],
  sse_client_handler_failures_total: ['', 'Calls of the handler that failed.'],
  sse_client_dead_letters_total: ['reason', 'Events passed over, by reason.'],
  sse_client_errors_total: ['code', 'Errors, by code.'],
} as const;
const GAUGES = {
  sse_client_connections_open: 'Connections that are open.',
  sse_client_lag_events: 'Events the server has and the client has not seen, as of the last heartbeat.',
} as const;
const HISTOGRAMS = {
  sse_client_downtime_seconds: 'Time between two connections.',
  sse_client_recovery_seconds: 'Time from the loss of a connection to the first event processed after it.',
  sse_client_delivery_lag_seconds:
    'Time from publication to the end of the handler, by the clocks of both sides.',
  sse_client_handler_seconds: 'Time the handler took.',
} as const;
const BOUNDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

type Counter = keyof typeof COUNTERS;
type Gauge = keyof typeof GAUGES;
type Histogram = keyof typeof HISTOGRAMS;

/** What one fact does to the numbers; shared by every sink that counts, so that they cannot disagree. */
export interface MetricWriter {
  readonly count: (name: Counter, label?: string, by?: number) => void;
  readonly gauge: (name: Gauge, value: number) => void;
  readonly add: (name: Gauge, by: number) => void;
  readonly time: (name: Histogram, seconds: number) => void;
}

/** Names, labels, help texts and bounds of the client's metrics, for sinks that register them elsewhere. */
export const CLIENT_METRICS = { counters: COUNTERS, gauges: GAUGES, histograms: HISTOGRAMS, bounds: BOUNDS };

/** Makes the function that turns facts into numbers. It remembers, per client, when a connection was lost. */
export function countFacts(write: MetricWriter): (fact: ClientFact) => void {
  const open = new Set<string>();
  const lostAt = new Map<string, number>();
  return (fact) => {
    switch (fact.kind) {
      case 'open':
        write.count('sse_client_attempts_total', 'open');
        if (!open.has(fact.trace)) write.add('sse_client_connections_open', 1);
        open.add(fact.trace);
        if (fact.downtimeMs !== null) write.time('sse_client_downtime_seconds', fact.downtimeMs / 1000);
        return;
      case 'disconnect':
        if (open.delete(fact.trace)) {
          write.count('sse_client_disconnects_total', fact.failure.cause);
          write.add('sse_client_connections_open', -1);
          lostAt.set(fact.trace, fact.at);
        } else write.count('sse_client_attempts_total', fact.failure.cause);
        return;
      case 'closed':
        if (open.delete(fact.trace)) write.add('sse_client_connections_open', -1);
        lostAt.delete(fact.trace);
        return;
      case 'retry':
        return write.count('sse_client_reconnects_total', fact.cause);
      case 'give-up':
        return write.count('sse_client_give_ups_total', fact.why);
      case 'received':
        return write.count('sse_client_events_received_total');
      case 'processed': {
        write.count('sse_client_events_processed_total');
        if (fact.event.redelivery) write.count('sse_client_redeliveries_total');
        write.time('sse_client_handler_seconds', fact.handlerMs / 1000);
        const lost = lostAt.get(fact.trace);
        if (lost !== undefined && open.has(fact.trace)) {
          lostAt.delete(fact.trace);
          write.time('sse_client_recovery_seconds', (fact.at - lost) / 1000);
        }
        const published = fact.publishedAt;
        if (published !== null) {
          write.time('sse_client_delivery_lag_seconds', Math.max(0, fact.at - published) / 1000);
        }
        return;
      }
      case 'duplicate':
        return write.count('sse_client_duplicates_total');
      case 'out-of-order':
        return write.count('sse_client_out_of_order_total', fact.action);
      case 'gap':
        write.count('sse_client_gaps_total', fact.reason);
        return write.count('sse_client_events_missed_total', '', fact.missed ?? 0);
      case 'cannot-resume':
        write.count('sse_client_cannot_resume_total', fact.reason);
        return write.count('sse_client_events_missed_total', '', fact.missed ?? 0);
      case 'liveness':
        return write.count('sse_client_liveness_failures_total', fact.cause);
      case 'heartbeat':
        write.count('sse_client_heartbeats_total');
        if (fact.lagEvents !== null) write.gauge('sse_client_lag_events', fact.lagEvents);
        return;
      case 'handler-failed':
        return write.count('sse_client_handler_failures_total');
      case 'dead-letter':
        return write.count('sse_client_dead_letters_total', fact.reason);
      case 'error':
        return write.count('sse_client_errors_total', fact.code);
    }
  };
}

/** Makes an empty sink. */
export function inMemoryMetrics(): InMemoryMetrics {
  const counters: Partial<Record<Counter, Record<string, number>>> = {};
  const gauges: Partial<Record<Gauge, number>> = {};
  const histograms: Partial<Record<Histogram, { buckets: number[]; count: number; sum: number }>> = {};
  const observe = countFacts({
    count(name, label = '', by = 1) {
      counters[name] ??= {};
      counters[name][label] = (counters[name][label] ?? 0) + by;
    },
    gauge(name, value) {
      gauges[name] = value;
    },
    add(name, by) {
      gauges[name] = (gauges[name] ?? 0) + by;
    },
    time(name, seconds) {
      histograms[name] ??= { buckets: BOUNDS.map(() => 0), count: 0, sum: 0 };
      const histogram = histograms[name];
      histogram.count++;
      histogram.sum += seconds;
      const bucket = BOUNDS.findIndex((bound) => seconds <= bound);
      if (bucket >= 0) histogram.buckets[bucket] = (histogram.buckets[bucket] ?? 0) + 1;
    },
  });
  return {
    observe,
    snapshot: () =>
      structuredClone({
        counters,
        gauges,
        histograms: Object.fromEntries(
          Object.entries(histograms).map(([name, histogram]) => [name, { bounds: BOUNDS, ...histogram }]),
        ),
      }) as MetricsSnapshot,
    text: () => [...counterLines(counters), ...gaugeLines(gauges), ...histogramLines(histograms)].join(''),
  };
}

function* counterLines(counters: Partial<Record<Counter, Record<string, number>>>): Generator<string> {
  for (const [name, [label, help]] of Object.entries(COUNTERS)) {
    yield head(name, 'counter', help);
    const values = counters[name as Counter] ?? (label === '' ? { '': 0 } : {});
    for (const [value, count] of Object.entries(values)) {
      yield `${name}${label === '' ? '' : `{${label}="${escapeLabel(value)}"}`} ${count}\n`;
    }
  }
}

function* gaugeLines(gauges: Partial<Record<Gauge, number>>): Generator<string> {
  for (const [name, help] of Object.entries(GAUGES)) {
    yield `${head(name, 'gauge', help)}${name} ${gauges[name as Gauge] ?? 0}\n`;
  }
}

function* histogramLines(
  histograms: Partial<Record<Histogram, { buckets: number[]; count: number; sum: number }>>,
): Generator<string> {
  for (const [name, help] of Object.entries(HISTOGRAMS)) {
    const { buckets = [], count = 0, sum = 0 } = histograms[name as Histogram] ?? {};
    yield head(name, 'histogram', help);
    let below = 0;
    for (const [index, bound] of BOUNDS.entries()) {
      below += buckets[index] ?? 0;
      yield `${name}_bucket{le="${bound}"} ${below}\n`;
    }
    yield `${name}_bucket{le="+Inf"} ${count}\n${name}_sum ${sum}\n${name}_count ${count}\n`;
  }
}

function head(name: string, type: string, help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
