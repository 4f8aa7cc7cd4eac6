import type { ClientFact } from '../facts.ts';

type CounterRow = readonly [name: string, label: string, kind?: ClientFact['kind']];

/**
 * The counters of the client: name as it is exposed, label (`''` for none), and the kind of fact that is counted, where
 * it is just one; then the label is a field of that fact.
 */
export const COUNTERS = [
  ['sse_client_attempts_total', 'outcome'],
  ['sse_client_disconnects_total', 'cause'],
  ['sse_client_reconnects_total', 'cause', 'retry'],
  ['sse_client_give_ups_total', 'why', 'give-up'],
  ['sse_client_events_received_total', '', 'received'],
  ['sse_client_events_processed_total', '', 'processed'],
  ['sse_client_redeliveries_total', ''],
  ['sse_client_duplicates_total', '', 'duplicate'],
  ['sse_client_out_of_order_total', 'action', 'out-of-order'],
  ['sse_client_gaps_total', 'reason', 'gap'],
  ['sse_client_events_missed_total', ''],
  ['sse_client_liveness_failures_total', 'cause', 'liveness'],
  ['sse_client_cannot_resume_total', 'reason', 'cannot-resume'],
  ['sse_client_heartbeats_total', '', 'heartbeat'],
  ['sse_client_handler_failures_total', '', 'handler-failed'],
  ['sse_client_dead_letters_total', 'reason', 'dead-letter'],
  ['sse_client_errors_total', 'code', 'error'],
] as const satisfies ReadonlyArray<CounterRow>;
export const GAUGES = ['sse_client_connections_open', 'sse_client_lag_events'] as const;
export const HISTOGRAMS = [
  'sse_client_downtime_seconds',
  'sse_client_recovery_seconds',
  'sse_client_delivery_lag_seconds',
  'sse_client_handler_seconds',
] as const;
/** Upper bounds of the buckets of every histogram, in seconds. */
export const BOUNDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export type CounterName = (typeof COUNTERS)[number][0];
export type GaugeName = (typeof GAUGES)[number];
export type HistogramName = (typeof HISTOGRAMS)[number];

/** Where the numbers go; every sink that counts has one, so that they cannot disagree on what a fact means. */
export interface MetricWriter {
  readonly count: (name: CounterName, label?: string, by?: number) => void;
  readonly gauge: (name: GaugeName, value: number) => void;
  readonly time: (name: HistogramName, ms: number) => void;
}

/** Makes the function that turns facts into numbers. It remembers, per client, when a connection was lost. */
export function countFacts({ count, gauge, time }: MetricWriter): (fact: ClientFact) => void {
  const byKind = new Map(COUNTERS.map((counter) => [(counter as CounterRow)[2], counter]));
  /** By trace id: the clients that are open, and when the others lost their connection. */
  const open = new Set<string>();
  const lostAt = new Map<string, number>();
  return (fact) => {
    const { kind, trace, at } = fact;
    const counter = byKind.get(kind);
    if (counter) count(counter[0], (fact as unknown as Record<string, string>)[counter[1]]);
    switch (kind) {
      case 'open':
        count('sse_client_attempts_total', kind);
        open.add(trace);
        if (fact.downtimeMs !== null) time('sse_client_downtime_seconds', fact.downtimeMs);
        gauge('sse_client_connections_open', open.size);
        break;
      case 'disconnect': {
        const wasOpen = open.delete(trace);
        count(wasOpen ? 'sse_client_disconnects_total' : 'sse_client_attempts_total', fact.failure.cause);
        if (wasOpen) lostAt.set(trace, at);
        gauge('sse_client_connections_open', open.size);
        break;
      }
      case 'closed':
        open.delete(trace);
        lostAt.delete(trace);
        gauge('sse_client_connections_open', open.size);
        break;
      case 'processed': {
        if (fact.event.redelivery) count('sse_client_redeliveries_total');
        time('sse_client_handler_seconds', fact.handlerMs);
        const lost = open.has(trace) && lostAt.get(trace);
        if (lost) {
          lostAt.delete(trace);
          time('sse_client_recovery_seconds', at - lost);
        }
        if (fact.publishedAt !== null) {
          time('sse_client_delivery_lag_seconds', Math.max(0, at - fact.publishedAt));
        }
        break;
      }
      case 'gap':
      case 'cannot-resume':
        count('sse_client_events_missed_total', '', fact.missed ?? 0);
        break;
      case 'heartbeat':
        if (fact.lagEvents !== null) gauge('sse_client_lag_events', fact.lagEvents);
    }
  };
}
