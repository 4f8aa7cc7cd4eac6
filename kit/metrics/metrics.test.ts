import { register as globalRegistry, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { inMemoryMetrics } from '../client/metrics/index.ts';
import { boundedLabel } from './bounded-label.ts';
import { clientMetrics } from './client-metrics.ts';
import { CLIENT_FACTS, SERVER_FACTS } from './facts.fixture.ts';
import { promtool } from './promtool.fixture.ts';
import { serverMetrics } from './server-metrics.ts';

async function value(
  registry: Registry,
  name: string,
  labels: Record<string, string> = {},
): Promise<number | undefined> {
  const metric = await registry.getSingleMetric(name.replace(/_(sum|count)$/, ''))?.get();
  const found = metric?.values.find(
    (one) =>
      ((one as { metricName?: string }).metricName ?? name) === name &&
      Object.entries(labels).every(([label, wanted]) => one.labels[label] === wanted),
  );
  return found?.value;
}

describe('the metrics of a server', () => {
  const cases: [keyof typeof SERVER_FACTS, string, Record<string, string>, number][] = [
    ['connection-opened', 'sse_server_connections_active', {}, 1],
    ['connection-opened', 'sse_server_connections_opened_total', { resume: 'ok' }, 1],
    ['connection-closed', 'sse_server_connections_active', {}, -1],
    ['connection-closed', 'sse_server_connections_closed_total', { reason: 'client-gone' }, 1],
    ['connection-closed', 'sse_server_connection_duration_seconds_sum', {}, 4],
    ['connection-rejected', 'sse_server_connections_rejected_total', { reason: 'limit-total' }, 1],
    ['connection-stalled', 'sse_server_connections_stalled_total', {}, 1],
    ['published', 'sse_server_published_total', {}, 1],
    ['published', 'sse_server_publish_seconds_sum', {}, 0.002],
    ['publish-failed', 'sse_server_publish_failures_total', { code: 'ERR_EVENT_TOO_LARGE' }, 1],
    ['delivered', 'sse_server_delivered_total', { path: 'live' }, 30],
    ['delivered', 'sse_server_sent_bytes_total', {}, 3_000],
    ['delivered', 'sse_server_delivery_lag_seconds_sum', { path: 'live' }, 0.04],
    ['delivered', 'sse_server_replayed_events_total', {}, 0],
    ['heartbeats', 'sse_server_heartbeats_total', {}, 10],
    ['heartbeats', 'sse_server_sent_bytes_total', {}, 400],
    ['replayed', 'sse_server_replays_total', { result: 'complete' }, 1],
    ['cannot-resume', 'sse_server_cannot_resume_total', { reason: 'expired' }, 1],
    ['cannot-resume', 'sse_server_missed_events_total', {}, 3],
    ['drain-started', 'sse_server_drain_remaining_connections', {}, 50],
    ['drain-started', 'sse_server_drain_initial_connections', {}, 50],
    ['drain-progress', 'sse_server_drain_remaining_connections', {}, 20],
    ['drain-finished', 'sse_server_drain_cut_total', {}, 2],
    ['drain-finished', 'sse_server_drain_seconds_sum', {}, 9],
    ['stream-created', 'sse_server_streams_total', { change: 'created' }, 1],
    ['stream-ended', 'sse_server_streams_total', { change: 'ended' }, 1],
    ['stream-evicted', 'sse_server_streams_total', { change: 'evicted' }, 1],
    ['epoch-changed', 'sse_server_epoch_changes_total', {}, 1],
    ['log-failed', 'sse_server_log_failures_total', { code: 'ERR_LOG_UNAVAILABLE' }, 1],
  ];

  it.each(cases)('%s moves %s%j to %d', async (kind, name, labels, expected) => {
    const registry = new Registry();
    serverMetrics({ registry })(SERVER_FACTS[kind]);
    expect(await value(registry, name, labels)).toBeCloseTo(expected, 9);
  });

  it('counts replayed events on the catch-up path', async () => {
    const registry = new Registry();
    serverMetrics({ registry })({
      ...SERVER_FACTS.delivered,
      path: 'catch-up',
      connections: 1,
      connection: 'c-1',
    });
    expect(await value(registry, 'sse_server_replayed_events_total')).toBe(3);
    expect(await value(registry, 'sse_server_delivered_total', { path: 'catch-up' })).toBe(3);
  });

  it('has no label whose values grow with streams, connections or clients', async () => {
    const registry = new Registry();
    const observe = serverMetrics({ registry, streams: () => [] });
    for (let i = 0; i < 1_000; i++) {
      for (const fact of Object.values(SERVER_FACTS)) {
        observe({
          ...fact,
          stream: `s${i}`,
          ...('connection' in fact ? { connection: `c${i}` } : {}),
        } as typeof fact);
      }
      observe({ ...SERVER_FACTS['publish-failed'], code: `E_${i}` });
    }
    const series = (await registry.metrics())
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(series.length).toBeLessThan(250);
    expect(await value(registry, 'sse_server_publish_failures_total', { code: 'other' })).toBe(951);
  });
});

describe('the metrics of a client', () => {
  it('agree with the in-memory sink on every fact', async () => {
    const registry = new Registry();
    const [observe, memory] = [clientMetrics({ registry }), inMemoryMetrics()];
    for (const fact of CLIENT_FACTS) {
      observe(fact);
      memory.observe(fact);
    }
    const samples = (text: string) =>
      text
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .toSorted();
    expect(samples(await registry.metrics())).toEqual(samples(memory.text()));
  });

  it.each(['prom-client', 'in memory'])(
    'have no label that a server can fill without end (%s)',
    async (sink) => {
      const registry = new Registry();
      const memory = inMemoryMetrics();
      const observe = sink === 'in memory' ? memory.observe : clientMetrics({ registry });
      for (let n = 0; n < 1000; n++) {
        for (const fact of CLIENT_FACTS) {
          observe(fact.kind === 'cannot-resume' ? { ...fact, reason: `r${n}` as 'unknown' } : fact);
        }
      }
      const text = sink === 'in memory' ? memory.text() : await registry.metrics();
      expect(text.split('\n').filter((line) => /^[^#]/.test(line)).length).toBeLessThan(150);
      expect(text).toContain('sse_client_cannot_resume_total{reason="other"} 950\n');
    },
  );

  it.each([
    ['sse_client_attempts_total', { outcome: 'network' }, 1],
    ['sse_client_attempts_total', { outcome: 'open' }, 2],
    ['sse_client_reconnects_total', { cause: 'network' }, 1],
    ['sse_client_downtime_seconds_sum', {}, 1.5],
    ['sse_client_recovery_seconds_sum', {}, 2],
    ['sse_client_delivery_lag_seconds_sum', {}, 0.25],
    ['sse_client_duplicates_total', {}, 1],
    ['sse_client_out_of_order_total', { action: 'dropped' }, 1],
    ['sse_client_gaps_total', { reason: 'hole' }, 1],
    ['sse_client_liveness_failures_total', { cause: 'no-bytes' }, 1],
    ['sse_client_handler_seconds_sum', {}, 0.005],
  ])('%s%j is %d', async (name, labels, expected) => {
    const registry = new Registry();
    const observe = clientMetrics({ registry });
    for (const fact of CLIENT_FACTS) observe(fact);
    expect(await value(registry, name, labels)).toBeCloseTo(expected, 9);
  });
});

describe('both', () => {
  it('satisfy `promtool check metrics`', async () => {
    const registry = new Registry();
    const server = serverMetrics({ registry, streams: () => [] });
    const client = clientMetrics({ registry });
    for (const fact of Object.values(SERVER_FACTS)) server(fact);
    for (const fact of CLIENT_FACTS) client(fact);
    expect(promtool(['check', 'metrics'], await registry.metrics())).toEqual({ ok: true, output: '' });
  });

  it('would be told by promtool of a counter without `_total`', () => {
    const { ok } = promtool(
      ['check', 'metrics'],
      '# HELP requests Requests.\n# TYPE requests counter\nrequests 1\n',
    );
    expect(ok).toBe(false);
  });

  it('leave the global registry alone', async () => {
    serverMetrics({ registry: new Registry(), streams: () => [] });
    clientMetrics({ registry: new Registry() });
    expect(await globalRegistry.metrics()).toBe('\n');
  });
});

describe('a bounded label', () => {
  it('keeps the first values and calls the rest `other`', () => {
    const label = boundedLabel(2);
    expect(['a', 'b', 'c', 'a', 'd', 'b'].map(label)).toEqual(['a', 'b', 'other', 'a', 'other', 'b']);
  });
});
