import type { ClientFact } from '../facts.ts';
import { BOUNDS, COUNTERS, countFacts, GAUGES, HISTOGRAMS } from './count-facts.ts';

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
  /** Everything as plain data: what has not been counted yet is left out. */
  snapshot(): MetricsSnapshot;
  /** Everything in the Prometheus text format 0.0.4, without the optional help texts. */
  text(): string;
}

/** Makes an empty sink. */
export function inMemoryMetrics(): InMemoryMetrics {
  const counters: Record<string, Record<string, number>> = {};
  const gauges: Record<string, number> = {};
  const histograms: Record<string, { buckets: number[]; count: number; sum: number }> = {};
  const observe = countFacts({
    count(name, label = '', by = 1) {
      counters[name] ??= {};
      counters[name][label] = (counters[name][label] ?? 0) + by;
    },
    gauge(name, value) {
      gauges[name] = value;
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
        counters: exposed(counters, '_total'),
        gauges: exposed(gauges, ''),
        histograms: exposed(histograms, '_seconds', { bounds: BOUNDS }),
      }),
    text() {
      let text = '';
      const metric = (name: string, type: string, samples: ReadonlyArray<[string, number]>): void => {
        text += `# TYPE sse_client_${name} ${type}\n`;
        for (const [suffix, value] of samples) text += `sse_client_${name}${suffix} ${value}\n`;
      };
      for (const [name, label] of Object.entries(COUNTERS)) {
        const values = Object.entries(counters[name] ?? (label ? {} : { '': 0 }));
        metric(
          `${name}_total`,
          'counter',
          values.map(([value, count]) => [label && `{${label}="${escapeLabel(value)}"}`, count]),
        );
      }
      for (const name of GAUGES) metric(name, 'gauge', [['', gauges[name] ?? 0]]);
      for (const name of HISTOGRAMS) {
        const { buckets = [], count = 0, sum = 0 } = histograms[name] ?? {};
        let below = 0;
        metric(`${name}_seconds`, 'histogram', [
          ...BOUNDS.map((bound, index): [string, number] => {
            below += buckets[index] ?? 0;
            return [`_bucket{le="${bound}"}`, below];
          }),
          ['_bucket{le="+Inf"}', count],
          ['_sum', sum],
          ['_count', count],
        ]);
      }
      return text;
    },
  };
}

/** Numbers under the names that the outside sees; `more` is added to each that is an object. */
function exposed<T, More extends object>(
  numbers: Readonly<Record<string, T>>,
  suffix: string,
  more?: More,
): Record<string, T & More> {
  const entries = Object.entries(numbers).map(([name, value]) => [
    `sse_client_${name}${suffix}`,
    more ? { ...more, ...value } : value,
  ]);
  return Object.fromEntries(entries);
}

function escapeLabel(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}
