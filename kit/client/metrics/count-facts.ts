import type { ClientFact } from '../facts.ts';

/**
 * The counters of the client and their label (`''` for none). A counter that belongs to one kind of fact has the field
 * of that fact as its label. They are exposed as `sse_client_<name>_total`.
 */
export const COUNTERS = {
  attempts: 'outcome',
  disconnects: 'cause',
  reconnects: 'cause',
  give_ups: 'why',
  events_received: '',
  events_processed: '',
  redeliveries: '',
  duplicates: '',
  out_of_order: 'action',
  gaps: 'reason',
  events_missed: '',
  liveness_failures: 'cause',
  cannot_resume: 'reason',
  heartbeats: '',
  handler_failures: '',
  dead_letters: 'reason',
  errors: 'code',
} as const;
/** Exposed as `sse_client_<name>`. */
export const GAUGES = ['connections_open', 'lag_events'] as const;
/** Exposed as `sse_client_<name>_seconds`. */
export const HISTOGRAMS = ['downtime', 'recovery', 'delivery_lag', 'handler'] as const;
/** Upper bounds of the buckets of every histogram, in seconds. */
export const BOUNDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export type CounterName = keyof typeof COUNTERS;
export type GaugeName = (typeof GAUGES)[number];
export type HistogramName = (typeof HISTOGRAMS)[number];

/** Where the numbers go; every sink that counts has one, so that they cannot disagree on what a fact means. */
export interface MetricWriter {
  readonly count: (name: CounterName, label?: string, by?: number) => void;
  readonly gauge: (name: GaugeName, value: number) => void;
  readonly time: (name: HistogramName, seconds: number) => void;
}

/** The counter of each kind of fact that has one. */
const BY_KIND: Partial<Record<ClientFact['kind'], CounterName>> = {
  retry: 'reconnects',
  'give-up': 'give_ups',
  received: 'events_received',
  processed: 'events_processed',
  duplicate: 'duplicates',
  'out-of-order': 'out_of_order',
  gap: 'gaps',
  liveness: 'liveness_failures',
  'cannot-resume': 'cannot_resume',
  heartbeat: 'heartbeats',
  'handler-failed': 'handler_failures',
  'dead-letter': 'dead_letters',
  error: 'errors',
};

/** Makes the function that turns facts into numbers. It remembers, per client, when a connection was lost. */
export function countFacts({ count, gauge, time }: MetricWriter): (fact: ClientFact) => void {
  /** By trace id: the clients that are open, and when the others lost their connection. */
  const open = new Set<string>();
  const lostAt = new Map<string, number>();
  return (fact) => {
    const { kind, trace, at } = fact;
    const name = BY_KIND[kind];
    if (name) count(name, (fact as unknown as Record<string, string>)[COUNTERS[name]]);
    if (kind === 'open') {
      count('attempts', kind);
      open.add(trace);
      if (fact.downtimeMs !== null) time('downtime', fact.downtimeMs / 1000);
    } else if (kind === 'disconnect') {
      const wasOpen = open.delete(trace);
      count(wasOpen ? 'disconnects' : 'attempts', fact.failure.cause);
      if (wasOpen) lostAt.set(trace, at);
    } else if (kind === 'closed') {
      open.delete(trace);
      lostAt.delete(trace);
    } else if (kind === 'processed') {
      if (fact.event.redelivery) count('redeliveries');
      time('handler', fact.handlerMs / 1000);
      const lost = open.has(trace) && lostAt.get(trace);
      if (lost) {
        lostAt.delete(trace);
        time('recovery', (at - lost) / 1000);
      }
      if (fact.publishedAt !== null) time('delivery_lag', Math.max(0, at - fact.publishedAt) / 1000);
    } else if (kind === 'gap' || kind === 'cannot-resume') count('events_missed', '', fact.missed ?? 0);
    else if (kind === 'heartbeat' && fact.lagEvents !== null) gauge('lag_events', fact.lagEvents);
    if (kind === 'open' || kind === 'disconnect' || kind === 'closed') gauge('connections_open', open.size);
  };
}
