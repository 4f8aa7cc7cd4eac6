import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { readPrometheus } from './prom-text.ts';

it('reads what prom-client writes, without buckets and without numbers that are none', async () => {
  const registers = [new Registry()];
  const [registry] = registers;
  new Counter({ name: 'a_total', help: 'With "quotes"', labelNames: ['why'], registers }).inc(
    { why: 'a } brace, a "quote" and \\' },
    3,
  );
  new Gauge({ name: 'b', help: 'b 7', registers }).set(-1.5);
  new Gauge({ name: 'c', help: 'c', registers }).set(Number.POSITIVE_INFINITY);
  new Histogram({ name: 'd', help: 'd', buckets: [1, 2], registers }).observe(1.25);
  expect(readPrometheus((await registry?.metrics()) ?? '')).toEqual({
    'a_total{why="a } brace, a \\"quote\\" and \\\\"}': 3,
    b: -1.5,
    d_sum: 1.25,
    d_count: 1,
  });
});

it('reads time stamps, and nothing of a text that is none', () => {
  expect(readPrometheus('a 1 1700000000000\n# b 2\n\nnot a metric at all\n')).toEqual({ a: 1 });
});
