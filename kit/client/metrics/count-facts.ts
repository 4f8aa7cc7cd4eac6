import type { ClientFact } from '../facts.ts';

/** Counters, exposed as `sse_client_<name>_total`. */
export type CounterName =
  | 'attempts'
  | 'disconnects'
  | 'reconnects'
  | 'give_ups'
  | 'events_received'
  | 'events_processed'
  | 'redeliveries'
  | 'duplicates'
  | 'out_of_order'
  | 'gaps'
  | 'events_missed'
  | 'liveness_failures'
  | 'cannot_resume'
  | 'heartbeats'
  | 'handler_failures'
  | 'dead_letters'
  | 'errors';
/** Gauges, exposed as `sse_client_<name>`. */
export type GaugeName = 'connections_open' | 'lag_events';
/** Histograms, exposed as `sse_client_<name>_seconds`. */
export type HistogramName = 'downtime' | 'recovery' | 'delivery_lag' | 'handler';

/**
 * How many values of a label are counted each by itself, and the length below which one is; the rest is `other`. A
 * server says what it likes as a reason, and a sink keeps each for ever.
 */
const MOST_VALUES = 50;

/** Upper bounds of the buckets of every histogram, in seconds. */
export const BOUNDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/**
 * Makes metrics, each once, as functions that take their numbers. Every sink that counts has one, so that they cannot
 * disagree on what there is and what a fact means.
 */
export interface MetricFactory {
  /** @param label its name; `''` for none. */
  readonly counter: (name: CounterName, label: string) => (value?: string, by?: number) => void;
  readonly gauge: (name: GaugeName) => (value: number) => void;
  readonly histogram: (name: HistogramName) => (ms: number) => void;
}

/** Makes the function that turns facts into numbers. It remembers, per client, when a connection was lost. */
export function countFacts({ counter, gauge, histogram }: MetricFactory): (fact: ClientFact) => void {
  /** Counts facts, by a field of theirs if there is a label. */
  const counting = (name: CounterName, label = ''): ((fact: ClientFact) => void) => {
    const count = counter(name, label);
    const known = new Set<string>();
    return (fact) => {
      const value = (fact as unknown as Record<string, string>)[label] ?? '';
      if (known.size < MOST_VALUES && value.length < MOST_VALUES) known.add(value);
      count(known.has(value) ? value : 'other');
    };
  };
  const byKind: Partial<Record<ClientFact['kind'], (fact: ClientFact) => void>> = {
    retry: counting('reconnects', 'cause'),
    'give-up': counting('give_ups', 'why'),
    received: counting('events_received'),
    processed: counting('events_processed'),
    duplicate: counting('duplicates'),
    'out-of-order': counting('out_of_order', 'action'),
    gap: counting('gaps', 'reason'),
    liveness: counting('liveness_failures', 'cause'),
    'cannot-resume': counting('cannot_resume', 'reason'),
    heartbeat: counting('heartbeats'),
    'handler-failed': counting('handler_failures'),
    'dead-letter': counting('dead_letters', 'reason'),
    error: counting('errors', 'code'),
  };
  const attempts = counter('attempts', 'outcome');
  const disconnects = counter('disconnects', 'cause');
  const redeliveries = counter('redeliveries', '');
  const missed = counter('events_missed', '');
  const connectionsOpen = gauge('connections_open');
  const lag = gauge('lag_events');
  const downtime = histogram('downtime');
  const recovery = histogram('recovery');
  const deliveryLag = histogram('delivery_lag');
  const handler = histogram('handler');
  /** By trace id: the clients that are open, and when the others lost their connection. */
  const open = new Set<string>();
  const lostAt = new Map<string, number>();
  return (fact) => {
    const { kind, trace, at } = fact;
    byKind[kind]?.(fact);
    switch (kind) {
      case 'open':
        attempts(kind);
        open.add(trace);
        if (fact.downtimeMs !== null) downtime(fact.downtimeMs);
        connectionsOpen(open.size);
        break;
      // Of a connection that was let go for another nothing else is said.
      case 'attempt':
      case 'disconnect': {
        const wasOpen = open.delete(trace);
        if (wasOpen) lostAt.set(trace, at);
        if (kind === 'disconnect') (wasOpen ? disconnects : attempts)(fact.failure.cause);
        connectionsOpen(open.size);
        break;
      }
      case 'closed':
        open.delete(trace);
        lostAt.delete(trace);
        connectionsOpen(open.size);
        break;
      case 'processed': {
        if (fact.event.redelivery) redeliveries();
        handler(fact.handlerMs);
        const lost = open.has(trace) && lostAt.get(trace);
        if (lost) {
          lostAt.delete(trace);
          recovery(at - lost);
        }
        if (fact.publishedAt !== null) deliveryLag(Math.max(0, at - fact.publishedAt));
        break;
      }
      case 'gap':
      case 'cannot-resume':
        missed('', fact.missed ?? 0);
        break;
      case 'heartbeat':
        if (fact.lagEvents !== null) lag(fact.lagEvents);
    }
  };
}
