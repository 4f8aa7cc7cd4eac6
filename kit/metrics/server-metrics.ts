import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ServerFact, ServerObserver } from '../server/facts.ts';
import type { StreamStats } from '../server/stream-core.ts';
import { boundedLabel } from './bounded-label.ts';
import { registerStreamMetrics } from './stream-metrics.ts';

/** Where server metrics go and what they may ask. */
export interface ServerMetricsOptions {
  /** The registry that is scraped; nothing is registered globally. One call per registry. */
  readonly registry: Registry;
  /**
   * The streams to report on at each scrape (log size, headroom, readers behind), for example
   * `() => [stream.stats()]` or `() => hub.keys().map((key) => hub.stream(key).stats())`. Without it those are absent.
   */
  readonly streams?: () => Iterable<StreamStats>;
  /** Wall clock, unix milliseconds; default `Date.now`. */
  readonly now?: () => number;
}

const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const LIFE_SECONDS = [1, 10, 60, 300, 900, 1800, 3600, 14_400, 86_400];

/**
 * Registers the `sse_server_*` metrics and returns the observer that feeds them: `createEventStream({ observe })`. No
 * label carries a stream's or a client's name, so the number of series does not grow with either.
 */
export function serverMetrics(options: ServerMetricsOptions): ServerObserver {
  const registers = [options.registry];
  const counter = <L extends string = never>(name: string, help: string, ...labelNames: L[]) =>
    new Counter({ name, help, labelNames, registers });
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const histogram = <L extends string = never>(
    name: string,
    help: string,
    buckets: number[],
    ...labelNames: L[]
  ) => new Histogram({ name, help, buckets, labelNames, registers });

  const active = gauge('sse_server_connections_active', 'Open responses.');
  const opened = counter(
    'sse_server_connections_opened_total',
    'Responses begun, by how the cursor was met.',
    'resume',
  );
  const closed = counter('sse_server_connections_closed_total', 'Responses ended, by reason.', 'reason');
  const rejected = counter(
    'sse_server_connections_rejected_total',
    'Requests that got no stream, by reason.',
    'reason',
  );
  const stalled = counter(
    'sse_server_connections_stalled_total',
    'Readers given up because they took no bytes.',
  );
  const life = histogram(
    'sse_server_connection_duration_seconds',
    'How long responses lasted.',
    LIFE_SECONDS,
  );
  const published = counter('sse_server_published_total', 'Events that the log acknowledged.');
  const publishFailed = counter(
    'sse_server_publish_failures_total',
    'Events refused or not stored, by code.',
    'code',
  );
  const publishTime = histogram(
    'sse_server_publish_seconds',
    'Time until the log acknowledged an event.',
    SECONDS,
  );
  const delivered = counter(
    'sse_server_delivered_total',
    'Events handed to sockets, once per connection.',
    'path',
  );
  const bytes = counter('sse_server_sent_bytes_total', 'Bytes of events and heartbeats handed to sockets.');
  const heartbeats = counter('sse_server_heartbeats_total', 'Heartbeats written, once per connection.');
  const replays = counter(
    'sse_server_replays_total',
    'Connections that came with a cursor, by result.',
    'result',
  );
  const replayedEvents = counter(
    'sse_server_replayed_events_total',
    'Events written to connections catching up.',
  );
  const replayTime = histogram(
    'sse_server_replay_seconds',
    'Time until a connection had caught up.',
    SECONDS,
  );
  const cannotResume = counter(
    'sse_server_cannot_resume_total',
    'Losses announced to clients, by reason.',
    'reason',
  );
  const missed = counter(
    'sse_server_missed_events_total',
    'Events announced as lost, where the number is known.',
  );
  const lag = histogram(
    'sse_server_delivery_lag_seconds',
    'Age of the oldest event of each write when it was handed to the socket.',
    SECONDS,
    'path',
  );
  const drainRemaining = gauge(
    'sse_server_drain_remaining_connections',
    'Connections that a drain under way still has.',
  );
  const drainInitial = gauge(
    'sse_server_drain_initial_connections',
    'Connections that the last drain began with.',
  );
  const drainCut = counter(
    'sse_server_drain_cut_total',
    'Connections that a drain had to cut at its deadline.',
  );
  const drainTime = histogram('sse_server_drain_seconds', 'How long drains took.', SECONDS);
  const streams = counter('sse_server_streams_total', 'Streams of hubs, by what became of them.', 'change');
  const epochChanges = counter(
    'sse_server_epoch_changes_total',
    'Logs that came back as another incarnation.',
  );
  const logFailures = counter('sse_server_log_failures_total', 'Trouble with a log, by code.', 'code');

  const publishCode = boundedLabel();
  const logCode = boundedLabel();
  const newest = options.streams
    ? registerStreamMetrics(options.registry, options.streams, options.now ?? Date.now)
    : null;

  return (fact: ServerFact) => {
    switch (fact.kind) {
      case 'connection-opened':
        active.inc();
        return opened.inc({ resume: fact.resume });
      case 'connection-closed':
        active.dec();
        life.observe(fact.durationMs / 1000);
        return closed.inc({ reason: fact.reason });
      case 'connection-rejected':
        return rejected.inc({ reason: fact.reason });
      case 'connection-stalled':
        return stalled.inc();
      case 'published':
        newest?.published(fact.stream, fact.atMs);
        publishTime.observe(fact.durationMs / 1000);
        return published.inc();
      case 'publish-failed':
        return publishFailed.inc({ code: publishCode(fact.code) });
      case 'delivered':
        lag.observe({ path: fact.path }, Math.max(0, fact.lagMs) / 1000);
        bytes.inc(fact.bytes * fact.connections);
        if (fact.path === 'catch-up') replayedEvents.inc(fact.events * fact.connections);
        return delivered.inc({ path: fact.path }, fact.events * fact.connections);
      case 'heartbeats':
        bytes.inc(fact.bytes);
        return heartbeats.inc(fact.connections);
      case 'replayed':
        replayTime.observe(fact.durationMs / 1000);
        return replays.inc({ result: fact.result });
      case 'cannot-resume':
        missed.inc(fact.missed ?? 0);
        return cannotResume.inc({ reason: fact.reason });
      case 'drain-started':
        drainInitial.set(fact.connections);
        return drainRemaining.set(fact.connections);
      case 'drain-progress':
        return drainRemaining.set(fact.remaining);
      case 'drain-finished':
        drainRemaining.set(0);
        drainCut.inc(fact.cut);
        return drainTime.observe(fact.durationMs / 1000);
      case 'stream-created':
        return streams.inc({ change: 'created' });
      case 'stream-ended':
        return streams.inc({ change: 'ended' });
      case 'stream-evicted':
        newest?.forget(fact.stream);
        return streams.inc({ change: 'evicted' });
      case 'epoch-changed':
        return epochChanges.inc();
      case 'log-failed':
        return logFailures.inc({ code: logCode(fact.code) });
    }
  };
}
