import { describe, expect, it } from 'vitest';
import type { MemoryExchange } from '../../testing/index.ts';
import { consoleObserver, inMemoryMetrics } from '../index.ts';
import { event, open } from '../one-stream.fixture.ts';
import { virtualClient } from '../virtual.fixture.ts';

describe('sinks without a dependency', () => {
  const two = (exchange: MemoryExchange): void =>
    exchange.write(`${open(0)}${event(1)}${event(1)}${event(2)}`);

  it('in memory: counts as plain data and as Prometheus text', async () => {
    const metrics = inMemoryMetrics();
    const { clock, stream } = virtualClient(two, { observe: metrics.observe });
    await clock.advance(0);
    await stream.close();
    const { counters } = JSON.parse(JSON.stringify(metrics.snapshot()));
    expect(counters).toMatchObject({
      sse_client_attempts_total: { open: 1 },
      sse_client_events_received_total: { '': 3 },
      sse_client_events_processed_total: { '': 2 },
      sse_client_duplicates_total: { '': 1 },
    });
    const text = metrics.text();
    expect(text).toContain('# TYPE sse_client_handler_seconds histogram\n');
    expect(text).toContain('sse_client_attempts_total{outcome="open"} 1\n');
    expect(text).toContain('sse_client_events_processed_total 2\n');
    expect(text).toContain('sse_client_connections_open 0\n');
    expect(text).toContain('sse_client_handler_seconds_bucket{le="+Inf"} 2\n');
  });

  it.each([
    [false, 0],
    [true, 2],
  ])('on the console: one line a fact, per event only when asked (%s)', async (perEvent, expected) => {
    const lines: Array<[level: string, message: string, detail: object]> = [];
    const target = {
      info: (message: string, detail: object) => void lines.push(['info', message, detail]),
      warn: (message: string, detail: object) => void lines.push(['warn', message, detail]),
    };
    const { clock, network } = virtualClient(two, {
      observe: consoleObserver({ perEvent, console: target }),
    });
    await clock.advance(0);
    expect(lines.filter(([, message]) => message === 'sse processed')).toHaveLength(expected);
    expect(lines).toContainEqual([
      'info',
      'sse open',
      expect.objectContaining({ stream: 's', connection: 'c' }),
    ]);
    network.exchanges[0]?.end();
    await clock.advance(0);
    expect(lines).toContainEqual(['info', 'sse disconnect', expect.objectContaining({ connection: 'c' })]);
    expect(lines.some(([level]) => level === 'warn')).toBe(false);
  });
});
