import { expect, it } from 'vitest';
import type { StreamEvent } from '../event.ts';
import type { ClientFact, ClientFactBody } from '../facts.ts';
import { inMemoryMetrics } from './in-memory.ts';

const fact = (body: ClientFactBody): ClientFact => ({
  at: 0,
  stream: 's',
  connection: 'c',
  trace: 't',
  ...body,
});
const opened = (downtimeMs: number | null): ClientFact =>
  fact({ kind: 'open', attempt: 1, status: 200, url: '', cursor: null, server: null, downtimeMs });

it('gives as plain data what was counted, and leaves out the rest', () => {
  const { observe, snapshot } = inMemoryMetrics();
  expect(snapshot()).toEqual({ counters: {}, gauges: {}, histograms: {} });
  for (const downtimeMs of [null, 40, 50, 400_000]) observe(opened(downtimeMs));
  observe(fact({ kind: 'gap', reason: 'hole', after: null, from: null, missed: 3 }));
  const taken = snapshot();
  observe(opened(null));
  expect(taken).toEqual({
    counters: {
      sse_client_attempts_total: { open: 4 },
      sse_client_gaps_total: { hole: 1 },
      sse_client_events_missed_total: { '': 3 },
    },
    gauges: { sse_client_connections_open: 1 },
    histograms: {
      sse_client_downtime_seconds: {
        bounds: [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
        buckets: [0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        count: 3,
        sum: 400.09,
      },
    },
  });
});

it('writes every metric as text, those without numbers as zero, with cumulated buckets and escaped labels', () => {
  const { observe, text } = inMemoryMetrics();
  const zero = text();
  expect(zero).toContain('# TYPE sse_client_errors_total counter\n# TYPE');
  expect(zero).toContain('sse_client_duplicates_total 0\n');
  expect(zero).toContain('sse_client_lag_events 0\n');
  expect(zero).toContain('sse_client_recovery_seconds_bucket{le="300"} 0\n');
  observe(opened(40));
  observe(opened(400_000));
  observe(fact({ kind: 'error', code: 'a"b\\c\nd', message: '', error: null }));
  expect(text()).toContain(
    'sse_client_downtime_seconds_bucket{le="300"} 1\n' +
      'sse_client_downtime_seconds_bucket{le="+Inf"} 2\n' +
      'sse_client_downtime_seconds_sum 400.04\n' +
      'sse_client_downtime_seconds_count 2\n',
  );
  expect(text()).toContain('sse_client_downtime_seconds_bucket{le="0.01"} 0\n');
  expect(text()).toContain('sse_client_errors_total{code="a\\"b\\\\c\\nd"} 1\n');
});

it('measures a recovery up to the first event processed on the new connection, not to one from before', () => {
  const { observe, snapshot } = inMemoryMetrics();
  const processed = (at: number) =>
    ({
      ...fact({ kind: 'processed', event: {} as StreamEvent, handlerMs: 0, publishedAt: null }),
      at,
    }) as const;
  observe(opened(null));
  observe({
    ...fact({ kind: 'disconnect', failure: { cause: 'eof', message: '' }, openMs: 1 }),
    at: 1000,
  });
  observe(processed(1500));
  observe(opened(null));
  observe(processed(3000));
  observe(processed(4000));
  expect(snapshot().histograms.sse_client_recovery_seconds).toMatchObject({ count: 1, sum: 2 });
});

it('counts an attempt that failed as one, also where it took the place of an open connection', () => {
  const { observe, snapshot } = inMemoryMetrics();
  const attempt = fact({ kind: 'attempt', attempt: 1, cursor: null });
  for (const each of [attempt, opened(null), attempt]) observe(each);
  expect(snapshot().gauges.sse_client_connections_open).toBe(0);
  observe(fact({ kind: 'disconnect', failure: { cause: 'network', message: '' }, openMs: 0 }));
  expect(snapshot().counters).toEqual({ sse_client_attempts_total: { open: 1, network: 1 } });
});

it('counts a reason by its name, whatever the server calls it', () => {
  const { observe, snapshot, text } = inMemoryMetrics();
  const loss = { requested: null, from: 'epoch-0001.1', missed: null };
  for (const reason of ['constructor', '__proto__', 'constructor']) {
    observe(fact({ kind: 'cannot-resume', reason: reason as 'unknown', ...loss }));
  }
  expect(Object.entries(snapshot().counters.sse_client_cannot_resume_total ?? {})).toEqual([
    ['constructor', 2],
    ['__proto__', 1],
  ]);
  expect(text()).toContain('sse_client_cannot_resume_total{reason="constructor"} 2\n');
});

it('counts the first fifty reasons by their names and all others as one, and none that is long', () => {
  const { observe, snapshot } = inMemoryMetrics();
  const loss = { requested: null, from: 'epoch-0001.1', missed: null };
  for (let n = 0; n < 1000; n++) {
    for (const reason of ['expired', `${n}`, `${n}`.repeat(50)]) {
      observe(fact({ kind: 'cannot-resume', reason: reason as 'unknown', ...loss }));
    }
  }
  const counted = snapshot().counters.sse_client_cannot_resume_total ?? {};
  expect([Object.keys(counted).length, counted.expired]).toEqual([51, 1000]);
  expect(counted.other).toBe(3000 - 1000 - 49);
  expect(Object.keys(counted).every((reason) => reason.length < 50)).toBe(true);
});
