import { Gauge, type Registry } from 'prom-client';
import { logSize } from '../server/replay-log.ts';
import type { StreamStats } from '../server/stream-core.ts';

/** What the gauges learn from facts. */
export interface NewestEvents {
  published(stream: string, atMs: number): void;
  forget(stream: string): void;
}

/** The state of all streams at one scrape. */
interface Totals {
  streams: number;
  events: number;
  bytes: number;
  oldestAgeMs: number;
  headroomMs: number;
  maxBehind: number;
  notCaughtUp: number;
}

/**
 * How long a client may have been away and still resume without loss, in milliseconds. Events are trimmed from the old
 * end, so a client that left when the oldest event held was published, or later, has nothing missing before it. While
 * nothing was ever trimmed, any absence will do.
 * @param newestAtMs when the newest event was published, for a log that holds none any more; `null` when not known.
 */
export function retentionHeadroomMs(stats: StreamStats, nowMs: number, newestAtMs: number | null): number {
  if (stats.oldest <= 1) return Number.POSITIVE_INFINITY;
  const since = stats.oldestUnixMs ?? newestAtMs;
  return since === null ? 0 : Math.max(0, nowMs - since);
}

/** Registers gauges that are computed when scraped, over all streams: sums, and the worst of each. */
export function registerStreamMetrics(
  registry: Registry,
  streams: () => Iterable<StreamStats>,
  now: () => number,
): NewestEvents {
  const newest = new Map<string, number>();
  let totals: Totals | null = null;

  // One pass per scrape: the first gauge that is asked computes for all, and the next turn forgets.
  const current = (): Totals => {
    if (!totals) {
      totals = sum(streams(), now(), newest);
      queueMicrotask(() => {
        totals = null;
      });
    }
    return totals;
  };
  const gauge = (name: string, help: string, value: (totals: Totals) => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value(current()));
      },
    });
  };

  gauge('sse_server_streams_open', 'Streams in memory.', (t) => t.streams);
  gauge('sse_server_log_events', 'Events held by the replay logs.', (t) => t.events);
  gauge('sse_server_log_bytes', 'Bytes held by the replay logs.', (t) => t.bytes);
  gauge('sse_server_log_oldest_age_seconds', 'Age of the oldest event held.', (t) => t.oldestAgeMs / 1000);
  gauge(
    'sse_server_retention_headroom_seconds',
    'A client of the tightest stream that was away for longer than this would lose events; +Inf while nothing was trimmed.',
    (t) => t.headroomMs / 1000,
  );
  gauge(
    'sse_server_lag_events',
    'Events that the connection furthest behind has not been written.',
    (t) => t.maxBehind,
  );
  gauge(
    'sse_server_connections_behind',
    'Connections that have not been written everything.',
    (t) => t.notCaughtUp,
  );

  return {
    published: (stream, atMs) => void newest.set(stream, atMs),
    forget: (stream) => void newest.delete(stream),
  };
}

function sum(streams: Iterable<StreamStats>, nowMs: number, newest: ReadonlyMap<string, number>): Totals {
  const totals: Totals = {
    streams: 0,
    events: 0,
    bytes: 0,
    oldestAgeMs: 0,
    headroomMs: Number.POSITIVE_INFINITY,
    maxBehind: 0,
    notCaughtUp: 0,
  };
  for (const stats of streams) {
    totals.streams += 1;
    totals.events += logSize(stats);
    totals.bytes += stats.bytes;
    totals.maxBehind = Math.max(totals.maxBehind, stats.maxBehind);
    totals.notCaughtUp += stats.connections - stats.caughtUp;
    if (stats.oldestUnixMs !== null)
      totals.oldestAgeMs = Math.max(totals.oldestAgeMs, nowMs - stats.oldestUnixMs);
    const headroomMs = retentionHeadroomMs(stats, nowMs, newest.get(stats.name) ?? null);
    totals.headroomMs = Math.min(totals.headroomMs, headroomMs);
  }
  return totals;
}
