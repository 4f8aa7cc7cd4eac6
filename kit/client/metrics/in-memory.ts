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
  const histograms: Record<string, { bounds: number[]; buckets: number[]; count: number; sum: number }> = {};
  const observe = countFacts({
    count(name, label = '', by = 1) {
      counters[name] ??= {};
      counters[name][label] = (counters[name][label] ?? 0) + by;
    },
    gauge(name, value) {
      gauges[name] = value;
    },
    time(name, ms) {
      const seconds = ms / 1000;
      histograms[name] ??= { bounds: BOUNDS, buckets: BOUNDS.map(() => 0), count: 0, sum: 0 };
      const histogram = histograms[name];
      histogram.count++;
      histogram.sum += seconds;
      const bucket = BOUNDS.findIndex((bound) => seconds <= bound);
      if (bucket >= 0) histogram.buckets[bucket] = (histogram.buckets[bucket] ?? 0) + 1;
    },
  });
  return {
    observe,
    snapshot: () => structuredClone({ counters, gauges, histograms }),
    text() {
      let text = '';
      for (const [name, label] of COUNTERS) {
        text += `# TYPE ${name} counter\n`;
        for (const [value, count] of Object.entries(counters[name] ?? (label ? {} : { '': 0 }))) {
          text += `${name}${label && `{${label}="${escapeLabel(value)}"}`} ${count}\n`;
        }
      }
      for (const name of GAUGES) text += `# TYPE ${name} gauge\n${name} ${gauges[name] ?? 0}\n`;
      for (const name of HISTOGRAMS) {
        const { buckets, count, sum } = histograms[name] ?? { buckets: [], count: 0, sum: 0 };
        let below = 0;
        text += `# TYPE ${name} histogram\n`;
        for (const [index, bound] of BOUNDS.entries()) {
          below += buckets[index] ?? 0;
          text += `${name}_bucket{le="${bound}"} ${below}\n`;
        }
        text += `${name}_bucket{le="+Inf"} ${count}\n${name}_sum ${sum}\n${name}_count ${count}\n`;
      }
      return text;
    },
  };
}

function escapeLabel(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}
